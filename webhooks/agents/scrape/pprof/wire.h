// The part of the protobuf wire format that pprof profiles and push requests use: varints and
// length-delimited fields; 32 and 64 bit fields are skipped. Pure. Nothing is copied: fields
// point into the input.
// Source of the format: protobuf.dev/programming-guides/encoding.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace profiling::scrape {

struct WireField {
  std::uint32_t number = 0;
  bool is_bytes = false;    // length-delimited: `bytes` holds it, else `value`
  std::uint64_t value = 0;  // varint
  std::string_view bytes;
  std::string_view raw;  // tag and content, for verbatim copies
};

// Any input is safe to read; after a truncated message or other bytes, ok() is false.
class WireReader {
 public:
  explicit WireReader(std::string_view message) : rest_(message) {}

  bool next(WireField& field);  // false at the end and after an error
  bool ok() const { return ok_; }

 private:
  bool fail();

  std::string_view rest_;
  bool ok_ = true;
};

// Removes one varint from the front of `in`; false if there is none.
bool takeVarint(std::string_view& in, std::uint64_t& value);

// Calls `each` for the numbers of a repeated field, packed or one by one; false if the packed
// form is malformed.
template <class Each>
bool forEachNumber(const WireField& field, Each each) {
  if (!field.is_bytes) {
    each(field.value);
    return true;
  }
  std::string_view rest = field.bytes;
  while (!rest.empty()) {
    std::uint64_t value = 0;
    if (!takeVarint(rest, value)) return false;
    each(value);
  }
  return true;
}

void appendVarint(std::string& out, std::uint64_t value);
void appendNumber(std::string& out, std::uint32_t field, std::uint64_t value);
void appendBytes(std::string& out, std::uint32_t field, std::string_view bytes);

}  // namespace profiling::scrape
