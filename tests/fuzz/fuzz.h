// What every fuzz target includes. A target is one function over any bytes:
//
//   FUZZ(std::string_view input) {
//     require(valid(read(input)), "what is read is valid");
//   }
//
// Under libFuzzer an input may take one second of the process's CPU time, so a slow input is found
// on a busy machine as well. A replay has no such bound.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string_view>

namespace profiling::fuzz {

// Ends the process when a rule is broken; `rule` says what should hold.
inline void require(bool holds, const char* rule) {
  if (holds) return;
  std::fprintf(stderr, "broken rule: %s\n", rule);
  std::abort();
}

inline double cpuSeconds() {
  timespec now{};
  ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

template <class Target>
int run(Target target, const std::uint8_t* data, std::size_t size) {
  [[maybe_unused]] const double before = cpuSeconds();
  target(std::string_view(reinterpret_cast<const char*>(data), size));
#ifdef PROFILING_LIBFUZZER
  require(cpuSeconds() - before < 1, "an input takes less than a second of CPU time");
#endif
  return 0;
}

}  // namespace profiling::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

#define FUZZ(parameter)                                                               \
  static void fuzzOne(parameter);                                                     \
  extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { \
    return profiling::fuzz::run(fuzzOne, data, size);                                 \
  }                                                                                   \
  static void fuzzOne(parameter)
