#include "controllers/signals/prometheus_text.h"

#include <algorithm>
#include <charconv>

#include "operator/base/text.h"

namespace profiling::signals {
namespace {

bool isName(std::string_view text) {
  const auto good = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == ':' || c == '.';
  };
  return !text.empty() && !(text[0] >= '0' && text[0] <= '9') &&
         std::all_of(text.begin(), text.end(), good);
}

// Takes `"…"` off the front of `rest`.
std::optional<std::string> takeQuoted(std::string_view& rest) {
  if (!rest.starts_with('"')) return std::nullopt;
  std::string out;
  for (std::size_t i = 1; i < rest.size(); ++i) {
    if (rest[i] == '"') {
      rest.remove_prefix(i + 1);
      return out;
    }
    if (rest[i] == '\\' && i + 1 < rest.size()) {
      ++i;
      out += rest[i] == 'n' ? '\n' : rest[i];
    } else {
      out += rest[i];
    }
  }
  return std::nullopt;
}

// Takes `{a="b",c="d"}` off the front of `rest`.
bool takeLabels(std::string_view& rest, MetricLine& line) {
  rest.remove_prefix(1);
  while (true) {
    rest = trim(rest);
    if (rest.starts_with('}')) {
      rest.remove_prefix(1);
      return true;
    }
    const std::size_t equals = rest.find('=');
    if (equals == std::string_view::npos) return false;
    const std::string_view key = trim(rest.substr(0, equals));
    rest = trim(rest.substr(equals + 1));
    auto value = takeQuoted(rest);
    if (!isName(key) || !value) return false;
    line.labels.emplace_back(key, *std::move(value));
    rest = trim(rest);
    if (rest.starts_with(',')) {
      rest.remove_prefix(1);
    } else if (!rest.starts_with('}')) {
      return false;
    }
  }
}

std::optional<double> valueOf(std::string_view text) {
  text = text.substr(0, text.find(' '));  // a timestamp may follow
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string_view MetricLine::label(std::string_view key) const {
  for (const auto& [name, value] : labels) {
    if (name == key) return value;
  }
  return {};
}

std::string_view metricName(std::string_view line) {
  return line.substr(0, line.find_first_of("{ \t"));
}

std::optional<MetricLine> parseMetricLine(std::string_view text) {
  MetricLine line;
  line.name = metricName(text);
  if (!isName(line.name)) return std::nullopt;
  std::string_view rest = trim(text.substr(line.name.size()));
  if (rest.starts_with('{') && !takeLabels(rest, line)) return std::nullopt;
  const auto value = valueOf(trim(rest));
  if (!value) return std::nullopt;
  line.value = *value;
  return line;
}

}  // namespace profiling::signals
