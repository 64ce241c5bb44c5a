// Random numbers that depend only on the seed, on every machine (the standard distributions do
// not), in independent streams: killing the controller does not change the numbers that a pod's
// start draws.
#pragma once

#include <cstdint>

namespace profiling::simulate {

inline std::uint64_t mix(std::uint64_t x) {  // splitmix64's
  x += 0x9e3779b97f4a7c15U;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9U;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebU;
  return x ^ (x >> 31);
}

class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  Random(std::uint64_t seed, std::uint64_t stream) : state_(mix(seed) ^ mix(~stream)) {}

  std::uint64_t next() { return mix(state_ += 0x9e3779b97f4a7c15U); }
  std::int64_t below(std::int64_t n) {  // 0..n-1
    return n <= 1 ? 0 : static_cast<std::int64_t>(next() % static_cast<std::uint64_t>(n));
  }
  std::int64_t between(std::int64_t low, std::int64_t high) { return low + below(high - low + 1); }
  bool percent(std::int64_t p) { return below(100) < p; }

 private:
  std::uint64_t state_;
};

}  // namespace profiling::simulate
