// One line of the Prometheus text format. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace profiling::signals {

struct MetricLine {
  std::string_view name;
  std::vector<std::pair<std::string_view, std::string>> labels;
  double value = 0;

  std::string_view label(std::string_view key) const;  // empty when absent
};

// nullopt for what is no sample: comments, blank lines, anything else.
std::optional<MetricLine> parseMetricLine(std::string_view text);
// What stands before '{' or a blank: to skip a line cheaply.
std::string_view metricName(std::string_view line);

}  // namespace profiling::signals
