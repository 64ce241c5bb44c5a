#include "operator/api/fields.h"

#include <algorithm>

#include "operator/base/text.h"

namespace profiling::api {

std::string quotedList(const std::vector<std::string>& words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i != 0) out += i + 1 == words.size() ? " or " : ", ";
    out += "'" + words[i] + "'";
  }
  return out;
}

std::string pointerStep(std::string_view key) {
  std::string step = "/";
  for (const char c : printable(key)) {
    if (c == '~')
      step += "~0";
    else if (c == '/')
      step += "~1";
    else
      step += c;
  }
  return step;
}

void Reader::fail(const std::string& path, const std::string& what) {
  if (status_.ok())
    status_ = Status(Code::kInvalidArgument, "at " + (path.empty() ? "/" : path) + ": " + what);
}

void Reader::mismatch(const Json& json, const std::string& path, const char* wanted) {
  fail(path, printable(json.dump(-1, ' ', false, Json::error_handler_t::replace), 60) +
                 " must be " + wanted);
}

void Reader::string(const Json& json, std::string& out, const std::string& path,
                    const FieldRules& rules) {
  if (!json.is_string()) return mismatch(json, path, "a string");
  auto text = json.get<std::string>();
  if (!rules.words.empty() &&
      std::find(rules.words.begin(), rules.words.end(), text) == rules.words.end()) {
    return fail(path, "'" + printable(text) + "' must be " +
                          quotedList({rules.words.begin(), rules.words.end()}));
  }
  out = std::move(text);
}

void Reader::integer(const Json& json, std::int64_t& out, const std::string& path,
                     const FieldRules& rules) {
  if (!json.is_number_integer()) return mismatch(json, path, "a whole number");
  constexpr auto kMax = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (json.is_number_unsigned() && json.get<std::uint64_t>() > kMax)
    return mismatch(json, path, "a 64-bit number");
  const auto number = json.get<std::int64_t>();
  const std::int64_t low = rules.minimum.value_or(std::numeric_limits<std::int64_t>::min());
  const std::int64_t high = rules.maximum.value_or(std::numeric_limits<std::int64_t>::max());
  if (number >= low && number <= high) {
    out = number;
  } else if (rules.minimum && rules.maximum) {
    fail(path, std::to_string(number) + " must be between " + std::to_string(low) + " and " +
                   std::to_string(high));
  } else {
    fail(path, std::to_string(number) + " must be " +
                   (number < low ? "at least " + std::to_string(low)
                                 : "at most " + std::to_string(high)));
  }
}

}  // namespace profiling::api
