#include "webhooks/agents/scrape/pprof/gzip.h"

#include <algorithm>
#include <new>
#define ZLIB_CONST  // declares inputs const
#include <zlib.h>

namespace profiling::scrape {
namespace {

constexpr int kGzip = 16 + MAX_WBITS;
constexpr int kLevel = 3;
constexpr std::size_t kStep = 64 * 1024;

const Bytef* bytesOf(const char* data) {
  return reinterpret_cast<const Bytef*>(data);
}

Bytef* bytesOf(char* data) {
  return reinterpret_cast<Bytef*>(data);
}

class Inflater {
 public:
  Inflater() {
    if (::inflateInit2(&z, kGzip) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { ::inflateEnd(&z); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  z_stream z{};
};

}  // namespace

bool isGzip(std::string_view bytes) {
  return bytes.size() > 2 && bytes[0] == '\x1f' && bytes[1] == '\x8b';
}

Result<std::string> gunzip(std::string_view bytes, std::size_t max) {
  const Status broken(Code::kInvalidArgument, "not a gzip file, or truncated");
  if (!isGzip(bytes)) return broken;
  Inflater inflater;
  z_stream& z = inflater.z;
  z.next_in = bytesOf(bytes.data());
  z.avail_in = static_cast<uInt>(bytes.size());
  std::string out;
  while (true) {
    const std::size_t had = out.size();
    // One byte above the bound shows that a file does not fit.
    const std::size_t room = std::min(std::max(had, kStep), max + 1 - had);
    if (room == 0) return Status(Code::kTooLarge, "more than " + std::to_string(max) + " bytes");
    out.resize(had + room);
    z.next_out = bytesOf(out.data() + had);
    z.avail_out = static_cast<uInt>(room);
    const int answer = ::inflate(&z, Z_NO_FLUSH);
    out.resize(out.size() - z.avail_out);
    if (answer == Z_STREAM_END) {
      if (z.avail_in == 0) break;
      if (::inflateReset(&z) != Z_OK) return broken;
      continue;
    }
    const bool goes_on = answer == Z_OK && (z.avail_in > 0 || z.avail_out == 0);
    if (!goes_on) return broken;
  }
  if (out.size() > max) {
    return Status(Code::kTooLarge, "more than " + std::to_string(max) + " bytes");
  }
  return out;
}

std::string gzip(std::string_view bytes) {
  z_stream z{};
  if (::deflateInit2(&z, kLevel, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY) != Z_OK) {
    throw std::bad_alloc();
  }
  std::string out(::deflateBound(&z, bytes.size()), '\0');
  z.next_in = bytesOf(bytes.data());
  z.avail_in = static_cast<uInt>(bytes.size());
  z.next_out = bytesOf(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  ::deflate(&z, Z_FINISH);
  out.resize(z.total_out);
  ::deflateEnd(&z);
  out.shrink_to_fit();
  return out;
}

}  // namespace profiling::scrape
