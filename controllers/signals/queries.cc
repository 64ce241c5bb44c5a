#include "controllers/signals/queries.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <set>

#include <simdjson.h>

#include "operator/base/json_text.h"

namespace profiling::signals {
namespace {

using simdjson::dom::element;
using std::chrono::milliseconds;

constexpr std::size_t kMaxTypes = 4;
// A point takes some 60 bytes: 6 MiB.
constexpr std::size_t kMaxPoints = 15'000;  // about 45 bytes each in an answer
constexpr milliseconds kMinStep{15'000};    // agents push every 10 or 15 seconds
// Times after the year 2200 are invalid, and arithmetic could overflow.
constexpr std::int64_t kMaxMillis = 7'258'118'400'000;

std::string matcherValue(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '\n') {
      out += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string millis(Time t) {
  return std::to_string(std::chrono::duration_cast<milliseconds>(t.time_since_epoch()).count());
}

std::string_view textAt(element e, std::string_view key) {
  std::string_view out;
  return e[key].get(out) == simdjson::SUCCESS ? out : std::string_view();
}

// proto3's JSON writes int64 as a string, but a number must be accepted as well.
std::optional<std::int64_t> integerAt(element e, std::string_view key) {
  std::int64_t number = 0;
  if (e[key].get(number) != simdjson::SUCCESS) {
    const std::string_view text = textAt(e, key);
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  }
  if (number <= 0 || number > kMaxMillis) return std::nullopt;
  return number;
}

std::string_view tagOf(element series, std::string_view name) {
  simdjson::dom::array labels;
  if (series["labels"].get(labels) != simdjson::SUCCESS) return {};
  for (const element label : labels) {
    if (textAt(label, "name") == name) return textAt(label, "value");
  }
  return {};
}

// The server omits empty lists.
Status listAt(simdjson::dom::parser& parser, std::string_view json, std::string_view key,
              simdjson::dom::array& out, bool& found) {
  simdjson::dom::object object;
  if (parser.parse(json.data(), json.size()).get(object) != simdjson::SUCCESS) {
    return {Code::kInvalidArgument, "the storage server's answer is not a JSON object"};
  }
  const auto member = object[key];
  found = member.error() == simdjson::SUCCESS;
  if (found && member.get(out) != simdjson::SUCCESS) {
    return {Code::kInvalidArgument,
            "the storage server's answer: '" + std::string(key) + "' is no list"};
  }
  return {};
}

}  // namespace

std::string selectorOf(const Scope& scope) {
  std::string out = "{namespace=" + matcherValue(scope.namespace_);
  if (!scope.tag.empty()) out += "," + scope.tag + "=" + matcherValue(scope.value);
  return out + "}";
}

std::string profileTypesBody(const Scope& scope, Time from, Time to) {
  return R"({"name":"__profile_type__","matchers":[)" + jsonString(selectorOf(scope)) +
         R"(],"start":)" + millis(from) + R"(,"end":)" + millis(to) + "}";
}

std::string seriesBody(const Scope& scope, std::string_view type, Time from, Time to,
                       milliseconds step, const std::vector<std::string_view>& by) {
  std::string tags;
  for (const std::string_view tag : by) tags += (tags.empty() ? "" : ",") + jsonString(tag);
  return R"({"profileTypeID":)" + jsonString(type) + R"(,"labelSelector":)" +
         jsonString(selectorOf(scope)) + R"(,"groupBy":[)" + tags + R"(],"step":)" +
         std::to_string(std::chrono::ceil<std::chrono::seconds>(step).count()) + R"(,"start":)" +
         millis(from) + R"(,"end":)" + millis(to) + "}";
}

milliseconds stepFor(milliseconds range, std::size_t pods) {
  const std::size_t points = std::max<std::size_t>(kMaxPoints / std::max<std::size_t>(pods, 1), 2);
  const milliseconds step = std::max(kMinStep, range / static_cast<std::int64_t>(points));
  return std::chrono::ceil<std::chrono::seconds>(step);
}

Result<std::vector<std::string>> parseNames(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::array names;
  bool found = false;
  if (Status status = listAt(parser, json, "names", names, found); !status.ok()) return status;
  std::vector<std::string> out;
  if (!found) return out;
  for (const element name : names) {
    std::string_view text;
    if (name.get(text) == simdjson::SUCCESS && !text.empty()) out.emplace_back(text);
  }
  return out;
}

std::vector<std::string> typesToAsk(const std::vector<std::string>& types) {
  // CPU profiles first; Node calls them wall.
  const auto rank = [](const std::string& type) {
    if (type.starts_with("process_cpu:cpu:")) return 0;
    if (type.starts_with("process_cpu:")) return 1;
    if (type.starts_with("wall:")) return 2;
    return 3;
  };
  std::vector<std::string> sorted = types;
  std::sort(sorted.begin(), sorted.end(), [&](const std::string& a, const std::string& b) {
    return std::make_pair(rank(a), a) < std::make_pair(rank(b), b);
  });
  std::vector<std::string> out;
  std::set<std::string> kinds;
  for (const std::string& type : sorted) {
    if (out.size() == kMaxTypes) break;
    if (kinds.insert(type.substr(0, type.find(':'))).second) out.push_back(type);
  }
  return out;
}

Result<LastSeen> parseSeries(std::string_view json, milliseconds step) {
  simdjson::dom::parser parser;
  simdjson::dom::array list;
  bool found = false;
  if (Status status = listAt(parser, json, "series", list, found); !status.ok()) return status;
  LastSeen out;
  if (!found) return out;
  for (const element series : list) {
    const std::string_view pod = tagOf(series, "pod");
    simdjson::dom::array points;
    if (pod.empty() || series["points"].get(points) != simdjson::SUCCESS) continue;
    std::int64_t last = 0;
    for (const element point : points)
      last = std::max(last, integerAt(point, "timestamp").value_or(0));
    if (last == 0) continue;
    Time& seen = out[std::string(pod)];
    seen = std::max(seen, Time(milliseconds(last)) - step);
  }
  return out;
}

Result<std::set<Sender>> parseSenders(std::string_view json) {
  simdjson::dom::parser parser;
  simdjson::dom::array list;
  bool found = false;
  if (Status status = listAt(parser, json, "series", list, found); !status.ok()) return status;
  std::set<Sender> out;
  if (!found) return out;
  for (const element series : list) {
    simdjson::dom::array points;
    if (series["points"].get(points) != simdjson::SUCCESS || points.size() == 0) continue;
    Sender sender{std::string(tagOf(series, "pod")), std::string(tagOf(series, "container")),
                  std::string(tagOf(series, "pyroscope_spy"))};
    if (!sender.pod.empty() && !sender.spy.empty()) out.insert(std::move(sender));
  }
  return out;
}

}  // namespace profiling::signals
