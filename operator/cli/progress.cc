#include "operator/cli/progress.h"

#include <algorithm>
#include <cmath>

#include "operator/base/time_text.h"

namespace profiling::cli {
namespace {

constexpr std::int64_t kBar = 10;  // cells

std::string unit(std::int64_t count, const char* name) {
  return std::to_string(count) + name;
}

std::string both(std::int64_t large, const char* large_name, std::int64_t small,
                 const char* small_name) {
  return unit(large, large_name) + (small == 0 ? std::string() : unit(small, small_name));
}

}  // namespace

std::string progressBar(std::int64_t done, std::int64_t total, const Style& style) {
  const std::int64_t counted = std::clamp<std::int64_t>(done, 0, std::max<std::int64_t>(total, 0));
  std::int64_t full = total > 0 ? counted * kBar / total : 0;
  if (counted > 0) full = std::max<std::int64_t>(full, 1);
  if (counted < total) full = std::min(full, kBar - 1);
  std::string bar;
  for (std::int64_t i = 0; i < kBar; ++i) {
    if (style.unicode) {
      bar += i < full ? "█" : "░";
    } else {
      bar += i < full ? '#' : '.';
    }
  }
  if (!style.unicode) bar = "[" + bar + "]";
  return bar + " " + std::to_string(done) + "/" + std::to_string(total);
}

std::string span(std::chrono::milliseconds time) {
  const std::int64_t s =
      std::max<std::int64_t>(std::chrono::duration_cast<std::chrono::seconds>(time).count(), 0);
  const std::int64_t minutes = s / 60;
  const std::int64_t hours = minutes / 60;
  const std::int64_t days = hours / 24;
  if (s < 120) return unit(s, "s");
  if (minutes < 10) return both(minutes, "m", s % 60, "s");
  if (hours < 3) return unit(minutes, "m");
  if (hours < 8) return both(hours, "h", minutes % 60, "m");
  if (days < 2) return unit(hours, "h");
  if (days < 8) return both(days, "d", hours % 24, "h");
  return unit(days, "d");
}

std::string age(std::string_view since, std::chrono::system_clock::time_point now) {
  const auto time = parseRfc3339(since);
  if (!time) return {};
  return span(std::chrono::duration_cast<std::chrono::milliseconds>(now - *time));
}

std::string roughly(std::chrono::milliseconds time) {
  const std::int64_t s =
      std::max<std::int64_t>(std::chrono::duration_cast<std::chrono::seconds>(time).count(), 0);
  if (s < 60) return unit(s, "s");
  const std::int64_t minutes = (s + 30) / 60;
  if (minutes < 60) return unit(minutes, "m");
  const std::int64_t hours = minutes / 60;
  if (hours < 24) return both(hours, "h", minutes % 60, "m");
  return both(hours / 24, "d", hours % 24, "h");
}

}  // namespace profiling::cli
