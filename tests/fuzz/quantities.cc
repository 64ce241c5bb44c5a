// Quantities, durations, times and the texts of people: results are within their bounds, and what is
// written is read again as the same.
#include <cmath>

#include "operator/base/encoding.h"
#include "operator/base/json_text.h"
#include "operator/base/quantity.h"
#include "operator/base/text.h"
#include "operator/base/time_text.h"
#include "tests/fuzz/fuzz.h"

using namespace profiling;        // NOLINT(google-build-using-namespace)
using namespace profiling::fuzz;  // NOLINT(google-build-using-namespace)

FUZZ(std::string_view input) {
  if (const auto quantity = parseQuantity(input)) {
    require(std::isfinite(*quantity) && *quantity >= 0, "a quantity is finite and not negative");
  }
  if (const auto duration = parseDuration(input); duration.ok()) {
    require(duration->count() >= 0 && *duration <= std::chrono::hours(24 * 366),
            "a duration is at most a year");
  }
  if (const auto time = parseRfc3339(input)) {
    const auto again = parseRfc3339(formatRfc3339(*time));
    require(again.has_value() && std::chrono::abs(*again - *time) < std::chrono::seconds(1),
            "a time that was written is read again");
  }
  const std::string shown = printable(input, 40);
  require(shown.size() <= 43, "a printable text is cut");
  for (std::string_view rest = shown; !rest.empty();) {
    const std::size_t length = utf8Length(rest);
    require(length > 0, "a printable text is UTF-8");
    require(length > 1 || static_cast<unsigned char>(rest[0]) >= 0x20,
            "a printable text has no control characters");
    rest.remove_prefix(length);
  }
  require(base64Decode(base64Encode(input)) == std::string(input), "base64 is read back");
  if (const auto bytes = base64Decode(input))
    require(bytes->size() <= input.size(), "base64 does not grow");
}
