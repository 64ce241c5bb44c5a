#include "operator/inject/pods/pod_facts.h"

#include <charconv>
#include <chrono>
#include <limits>

#include "operator/inject/languages/language.h"
#include "operator/inject/names.h"

namespace profiling::inject {
namespace {

template <class Number>
std::optional<Number> numberOf(std::string_view text) {
  Number out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return out;
}

}  // namespace

bool isOurs(bool init, std::string_view container) {
  if (!container.starts_with(kInitContainerPrefix)) return false;
  if (init) return true;
  // A sidecar is no init container where nodes are too old for native ones.
  const auto language = api::languageFromToken(container.substr(kInitContainerPrefix.size()));
  return language && languageRow(*language).scraped;
}

std::uint32_t createdSeconds(std::string_view text) {
  using namespace std::chrono;
  if (text.size() != 20 || text[4] != '-' || text[7] != '-' || text[10] != 'T' || text[13] != ':' ||
      text[16] != ':' || text[19] != 'Z') {
    return 0;
  }
  const auto at = [&](std::size_t from, std::size_t length) {
    return numberOf<unsigned>(text.substr(from, length)).value_or(255);  // invalid in every field
  };
  const year_month_day date(year(static_cast<int>(at(0, 4))), month(at(5, 2)), day(at(8, 2)));
  const unsigned hour = at(11, 2), minute = at(14, 2), second = at(17, 2);
  if (!date.ok() || hour > 23 || minute > 59 || second > 59) return 0;
  const std::int64_t since =
      sys_seconds(sys_days(date)).time_since_epoch().count() + hour * 3600 + minute * 60 + second;
  if (since < 0 || since > std::numeric_limits<std::uint32_t>::max()) return 0;
  return static_cast<std::uint32_t>(since);
}

}  // namespace profiling::inject
