#include "operator/base/quantity.h"

#include <charconv>
#include <cmath>

namespace profiling {

std::optional<double> parseQuantity(std::string_view text) {
  // from_chars also accepts "inf", "nan" and a sign.
  if (text.empty() || (text[0] != '.' && (text[0] < '0' || text[0] > '9'))) return std::nullopt;
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || !std::isfinite(number)) return std::nullopt;
  const std::string_view suffix = text.substr(static_cast<std::size_t>(end - text.data()));
  struct Unit {
    std::string_view name;
    double factor;
  };
  static constexpr Unit kUnits[] = {{"", 1},        {"n", 1e-9},    {"u", 1e-6},    {"m", 1e-3},
                                    {"k", 1e3},     {"M", 1e6},     {"G", 1e9},     {"T", 1e12},
                                    {"P", 1e15},    {"E", 1e18},    {"Ki", 0x1p10}, {"Mi", 0x1p20},
                                    {"Gi", 0x1p30}, {"Ti", 0x1p40}, {"Pi", 0x1p50}, {"Ei", 0x1p60}};
  for (const Unit& unit : kUnits) {
    if (suffix == unit.name) return number * unit.factor;
  }
  return std::nullopt;
}

}  // namespace profiling
