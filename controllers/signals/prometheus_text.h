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

// nullopt if the line is not a sample: comments, blank lines, anything else.
std::optional<MetricLine> parseMetricLine(std::string_view text);
// The text before '{' or a blank, to skip a line cheaply.
std::string_view metricName(std::string_view line);

}  // namespace profiling::signals
