#include "webhooks/agents/scrape/pprof/wire.h"

namespace profiling::scrape {
namespace {

enum WireType : std::uint8_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

}  // namespace

bool takeVarint(std::string_view& in, std::uint64_t& value) {
  value = 0;
  for (std::size_t i = 0; i < in.size() && i < 10; ++i) {
    const auto byte = static_cast<unsigned char>(in[i]);
    // The tenth byte has room for one bit.
    if (i == 9 && byte > 1) return false;
    value |= static_cast<std::uint64_t>(byte & 0x7F) << (7 * i);
    if (byte < 0x80) {
      in.remove_prefix(i + 1);
      return true;
    }
  }
  return false;
}

bool WireReader::fail() {
  ok_ = false;
  rest_ = {};
  return false;
}

bool WireReader::next(WireField& field) {
  if (rest_.empty()) return false;
  const std::string_view start = rest_;
  std::uint64_t tag = 0;
  if (!takeVarint(rest_, tag)) return fail();
  const std::uint64_t number = tag >> 3;
  if (number == 0 || number >= 1u << 29) return fail();
  field.number = static_cast<std::uint32_t>(number);
  field.is_bytes = false;
  field.value = 0;
  field.bytes = {};
  std::size_t skip = 0;
  switch (tag & 7) {
    case kVarint:
      if (!takeVarint(rest_, field.value)) return fail();
      break;
    case kBytes: {
      std::uint64_t size = 0;
      if (!takeVarint(rest_, size) || size > rest_.size()) return fail();
      field.is_bytes = true;
      field.bytes = rest_.substr(0, size);
      skip = size;
      break;
    }
    case kFixed64:
      skip = 8;
      break;
    case kFixed32:
      skip = 4;
      break;
    default:
      return fail();
  }
  if (skip > rest_.size()) return fail();
  rest_.remove_prefix(skip);
  field.raw = start.substr(0, start.size() - rest_.size());
  return true;
}

void appendVarint(std::string& out, std::uint64_t value) {
  while (value >= 0x80) {
    out += static_cast<char>(value | 0x80);
    value >>= 7;
  }
  out += static_cast<char>(value);
}

void appendNumber(std::string& out, std::uint32_t field, std::uint64_t value) {
  appendVarint(out, static_cast<std::uint64_t>(field) << 3 | kVarint);
  appendVarint(out, value);
}

void appendBytes(std::string& out, std::uint32_t field, std::string_view bytes) {
  appendVarint(out, static_cast<std::uint64_t>(field) << 3 | kBytes);
  appendVarint(out, bytes.size());
  out += bytes;
}

}  // namespace profiling::scrape
