#include "tests/unit/webhooks/agents/scrape/profile_builder.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "webhooks/agents/scrape/pprof/profile.h"
#include "webhooks/agents/scrape/pprof/wire.h"

namespace profiling::scrape {

ProfileBuilder::ProfileBuilder(const std::vector<std::string>& types) : types_(types) {
}

ProfileBuilder& ProfileBuilder::sample(const std::vector<std::string>& stack,
                                       std::vector<std::int64_t> values, std::int64_t label) {
  samples_.push_back({stack, std::move(values), label});
  return *this;
}

ProfileBuilder& ProfileBuilder::duration(std::chrono::nanoseconds covered) {
  duration_ = covered;
  return *this;
}

ProfileBuilder& ProfileBuilder::backwards() {
  backwards_ = true;
  return *this;
}

std::string ProfileBuilder::bytes() const {
  std::vector<std::string> strings{"", "bytes"};
  const auto string = [&](const std::string& text) {
    const auto at = std::find(strings.begin(), strings.end(), text);
    if (at != strings.end()) return static_cast<std::uint64_t>(at - strings.begin());
    strings.push_back(text);
    return static_cast<std::uint64_t>(strings.size() - 1);
  };
  std::string out;
  for (const std::string& type : types_) {
    std::string message;
    appendNumber(message, 1, string(type.substr(0, type.find('/'))));
    appendNumber(message, 2, string(type.substr(type.find('/') + 1)));
    appendBytes(out, 1, message);
  }
  std::set<std::string> unique;
  for (const Sample& s : samples_) unique.insert(s.stack.begin(), s.stack.end());
  std::vector<std::string> names(unique.begin(), unique.end());
  if (backwards_) std::reverse(names.begin(), names.end());
  const auto id = [&](const std::string& name) {
    return static_cast<std::uint64_t>(std::find(names.begin(), names.end(), name) - names.begin()) +
           1;
  };
  for (const Sample& s : samples_) {
    std::string message, ids, values;
    for (const std::string& name : s.stack) appendVarint(ids, id(name));
    for (const std::int64_t v : s.values) appendVarint(values, static_cast<std::uint64_t>(v));
    appendBytes(message, 1, ids);
    appendBytes(message, 2, values);
    if (s.label != 0) {
      std::string label;
      appendNumber(label, 1, 1);
      appendNumber(label, 3, static_cast<std::uint64_t>(s.label));
      appendBytes(message, 3, label);
    }
    appendBytes(out, 2, message);
  }
  for (const std::string& name : names) {
    std::string function, line, location;
    appendNumber(function, 1, id(name));
    appendNumber(function, 2, string(name));
    appendNumber(function, 4, string(name + ".go"));
    appendBytes(out, 5, function);
    appendNumber(line, 1, id(name));
    appendNumber(line, 2, 7);
    appendNumber(location, 1, id(name));
    appendNumber(location, 3, 0x400000 + std::hash<std::string>()(name) % 0x100000);
    appendBytes(location, 4, line);
    appendBytes(out, 4, location);
  }
  for (const std::string& text : strings) appendBytes(out, 6, text);
  appendNumber(out, 9, 1'700'000'000'000'000'000);
  if (duration_.count() > 0) appendNumber(out, 10, static_cast<std::uint64_t>(duration_.count()));
  return out;
}

ProfileSummary summaryOf(std::string_view bytes) {
  ProfileSummary out;
  const auto profile = parseProfile(bytes);
  EXPECT_TRUE(profile.ok()) << profile.status().toString();
  if (!profile.ok()) return out;
  for (const ValueType& t : profile->sample_types) {
    out.types.push_back(std::string(t.type) + "/" + std::string(t.unit));
  }
  out.samples = profile->samples.size();
  out.locations = profile->locations.size();
  out.functions = profile->functions.size();
  out.strings.assign(profile->strings.begin(), profile->strings.end());
  const auto numberOf = [](std::string_view message, std::uint32_t number) {
    std::uint64_t value = 0;
    WireReader reader(message);
    for (WireField f; reader.next(f);) {
      if (f.number == number) value = f.value;
    }
    return value;
  };
  out.duration_nanos = static_cast<std::int64_t>(numberOf(bytes, 10));
  for (const std::string_view sample : profile->samples) {
    std::string stack;
    std::vector<std::int64_t> values;
    WireReader reader(sample);
    for (WireField f; reader.next(f);) {
      if (f.number == 1) {
        forEachNumber(f, [&](std::uint64_t id) {
          const Entry& location = profile->locations[indexOf(profile->locations, id)];
          WireReader parts(location.message);
          for (WireField p; parts.next(p);) {
            if (p.number != 4) continue;
            const auto function = indexOf(profile->functions, numberOf(p.bytes, 1));
            if (!stack.empty()) stack += ';';
            stack += profile->strings[numberOf(profile->functions[function].message, 2)];
          }
        });
      } else if (f.number == 2) {
        forEachNumber(f, [&](std::uint64_t v) { values.push_back(static_cast<std::int64_t>(v)); });
      }
    }
    auto& sums = out.values[stack];
    sums.resize(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) sums[i] += values[i];
  }
  return out;
}

}  // namespace profiling::scrape
