// Builds and reads pprof profiles, for tests: written against the format, not against our writer.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace profiling::scrape {

class ProfileBuilder {
 public:
  // `types` as "alloc_space/bytes".
  explicit ProfileBuilder(const std::vector<std::string>& types);

  // A stack of function names, innermost first, and one value for each type. `label`, when not 0,
  // is a number under the key "bytes", as Go's heap profile has it.
  ProfileBuilder& sample(const std::vector<std::string>& stack, std::vector<std::int64_t> values,
                         std::int64_t label = 0);
  // Numbers everything from the end, so that ids differ from those of another profile.
  ProfileBuilder& backwards();
  ProfileBuilder& duration(std::chrono::nanoseconds covered);

  std::string bytes() const;

 private:
  struct Sample {
    std::vector<std::string> stack;
    std::vector<std::int64_t> values;
    std::int64_t label;
  };
  std::vector<std::string> types_;
  std::vector<Sample> samples_;
  bool backwards_ = false;
  std::chrono::nanoseconds duration_{0};
};

// The contents of a profile: its types, and the values by stack as "leaf;caller;root". Samples of one
// stack are summed up.
struct ProfileSummary {
  std::vector<std::string> types;
  std::map<std::string, std::vector<std::int64_t>> values;
  std::size_t samples = 0, locations = 0, functions = 0;
  std::vector<std::string> strings;
  std::int64_t duration_nanos = 0;
};
ProfileSummary summaryOf(std::string_view bytes);

}  // namespace profiling::scrape
