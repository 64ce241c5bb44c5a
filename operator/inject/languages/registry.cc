#include <algorithm>

#include "operator/base/time_text.h"
#include "operator/inject/languages/language.h"

namespace profiling::inject {
namespace {

std::int64_t millisOf(std::string_view duration) {
  const auto parsed = parseDuration(duration);
  return parsed.ok() && parsed->count() > 0 ? parsed->count() : 15'000;
}

std::int64_t microsOf(std::int64_t hz) {
  return 1'000'000 / std::clamp<std::int64_t>(hz, 1, 1'000);
}

}  // namespace

// An explicit array: objects that register themselves vanish from static libraries, and the order
// is worth reading.
const std::array<const LanguageRow*, api::kLanguageCount>& languageRows() {
  static const std::array<const LanguageRow*, api::kLanguageCount> rows = {
      &kJavaRow, &kPythonRow, &kNodeRow, &kDotNetRow, &kRubyRow, &kGoRow, &kNativeRow};
  return rows;
}

const LanguageRow& languageRow(api::Language language) {
  return *languageRows().at(static_cast<std::size_t>(language));
}

std::string javaDuration(std::string_view duration) {
  const std::int64_t ms = millisOf(duration);
  return ms % 1000 == 0 ? std::to_string(ms / 1000) + "s" : std::to_string(ms) + "ms";
}

std::string milliseconds(std::string_view duration) {
  return std::to_string(millisOf(duration));
}

std::string wholeSeconds(std::string_view duration) {
  return std::to_string(std::max<std::int64_t>(1, millisOf(duration) / 1000));
}

std::string javaPeriod(std::int64_t hz) {
  const std::int64_t us = microsOf(hz);
  return us % 1000 == 0 ? std::to_string(us / 1000) + "ms" : std::to_string(us) + "us";
}

std::string periodMicros(std::int64_t hz) {
  return std::to_string(microsOf(hz));
}

}  // namespace profiling::inject
