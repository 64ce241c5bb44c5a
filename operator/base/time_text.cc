#include "operator/base/time_text.h"

#include <array>
#include <charconv>
#include <ctime>
#include <limits>

#include "operator/base/text.h"

namespace profiling {

std::string formatRfc3339(std::chrono::system_clock::time_point t) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(t);
  std::tm tm{};
  gmtime_r(&seconds, &tm);
  std::array<char, 32> buffer{};
  const std::size_t n = std::strftime(buffer.data(), buffer.size(), "%Y-%m-%dT%H:%M:%SZ", &tm);
  return {buffer.data(), n};
}

std::string formatRfc3339Micro(std::chrono::system_clock::time_point t) {
  const auto micros = std::chrono::floor<std::chrono::microseconds>(t).time_since_epoch().count();
  std::string fraction = std::to_string(((micros % 1'000'000) + 1'000'000) % 1'000'000);
  fraction.insert(0, 6 - fraction.size(), '0');
  std::string text = formatRfc3339(std::chrono::floor<std::chrono::seconds>(t));
  text.insert(text.size() - 1, "." + fraction);
  return text;
}

std::optional<std::chrono::system_clock::time_point> parseRfc3339(std::string_view text) {
  // metav1.Time is written in UTC with whole seconds; MicroTime adds a fraction, which is dropped.
  if (text.size() < 20 || text.back() != 'Z') return std::nullopt;
  const std::string_view fraction = text.substr(19, text.size() - 20);
  if (!fraction.empty() &&
      (fraction[0] != '.' || fraction.size() < 2 ||
       fraction.find_first_not_of("0123456789", 1) != std::string_view::npos)) {
    return std::nullopt;
  }
  std::tm tm{};
  const std::string head(text.substr(0, 19));
  const char* end = strptime(head.c_str(), "%Y-%m-%dT%H:%M:%S", &tm);
  if (end == nullptr || *end != '\0') return std::nullopt;
  // strptime accepts blanks, single digits and February 30; a valid time formats back to the same
  // text.
  const std::time_t seconds = timegm(&tm);
  // A system_clock of nanoseconds ends in 2262 and begins in 1677.
  constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max() / 1'000'000'000;
  if (seconds > kMost || seconds < -kMost) return std::nullopt;
  const auto time = std::chrono::system_clock::from_time_t(seconds);
  if (formatRfc3339(time).compare(0, head.size(), head) != 0) return std::nullopt;
  return time;
}

std::optional<std::chrono::system_clock::time_point> parseHttpDate(std::string_view text) {
  std::tm tm{};
  const std::string copy(text.substr(0, 64));
  const char* end = strptime(copy.c_str(), "%a, %d %b %Y %H:%M:%S GMT", &tm);
  if (end == nullptr || *end != '\0') return std::nullopt;
  // As above: only a text that comes out again is a time.
  const std::time_t seconds = timegm(&tm);
  std::array<char, 64> again{};
  gmtime_r(&seconds, &tm);
  const std::size_t size =
      std::strftime(again.data(), again.size(), "%a, %d %b %Y %H:%M:%S GMT", &tm);
  if (copy != std::string_view(again.data(), size)) return std::nullopt;
  return std::chrono::system_clock::from_time_t(seconds);
}

Result<std::chrono::milliseconds> parseDuration(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return Status(Code::kInvalidArgument, "duration '" + printable(text, 40) + "' " +
                                              std::string(why) +
                                              ": must look like '15s', '1h30m' or '250ms'");
  };
  constexpr std::int64_t kMax = 366LL * 24 * 3600 * 1000;
  if (text.empty()) return bad("is empty");
  std::int64_t total = 0;
  std::string_view rest = text;
  while (!rest.empty()) {
    std::int64_t number = 0;
    const auto [p, error] = std::from_chars(rest.data(), rest.data() + rest.size(), number);
    if (error != std::errc() || number < 0 || rest[0] == '-') return bad("is not valid");
    rest.remove_prefix(static_cast<std::size_t>(p - rest.data()));
    std::int64_t unit = 0;
    if (rest.starts_with("ms")) {
      unit = 1;
      rest.remove_prefix(2);
    } else if (rest.starts_with("h")) {
      unit = 3'600'000;
      rest.remove_prefix(1);
    } else if (rest.starts_with("m")) {
      unit = 60'000;
      rest.remove_prefix(1);
    } else if (rest.starts_with("s")) {
      unit = 1'000;
      rest.remove_prefix(1);
    } else {
      return bad("has no unit");
    }
    if (number > kMax / unit || (total += number * unit) > kMax) return bad("is too long");
  }
  return std::chrono::milliseconds(total);
}

}  // namespace profiling
