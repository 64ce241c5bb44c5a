// Times as the engine reads and writes them, and the windows in which it may act. Internal.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "controllers/engine/world.h"
#include "operator/base/time_text.h"

namespace profiling::engine {

inline std::string timeText(Time t) {
  return formatRfc3339(t);
}
// 1970 when the text is not a time: then everything is long ago.
inline Time timeOf(const std::string& text) {
  return parseRfc3339(text).value_or(Time{});
}

struct WindowState {
  bool open = true;
  std::optional<Time> changes;  // when it closes or opens next
};
WindowState windowAt(const std::vector<Window>& windows, Time now);

inline void keepEarlier(std::optional<Time>& a, std::optional<Time> b) {
  if (b && (!a || *b < *a)) a = b;
}

}  // namespace profiling::engine
