// Structured logging: a constant message and key/value fields, as text or JSON lines on stderr.
//
//   log::info("Watch started", {{"resource", "pods"}, {"resourceVersion", rv}});
//
// Messages begin with a capital letter and have no full stop. Never pass a token, a Secret, env
// values or a request body; user-controlled strings are escaped and cut to 256 bytes here.
// All functions are thread-safe; init() is called once, first thing in main.
#pragma once

#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <variant>

#include "operator/base/status.h"

namespace profiling::log {

enum class Level { kDebug, kInfo, kWarn, kError };
enum class Format { kText, kJson };

class Field {
 public:
  Field(std::string_view key, std::string_view value) : key(key), value(value) {}
  Field(std::string_view key, const char* value) : key(key), value(std::string_view(value)) {}
  Field(std::string_view key, const std::string& value)
      : key(key), value(std::string_view(value)) {}
  Field(std::string_view key, bool value) : key(key), value(value) {}
  template <std::integral T>
  Field(std::string_view key, T value) : key(key), value(static_cast<std::int64_t>(value)) {}
  template <std::floating_point T>
  Field(std::string_view key, T value) : key(key), value(static_cast<double>(value)) {}

  std::string_view key;
  std::variant<std::string_view, std::int64_t, double, bool> value;
};
using Fields = std::initializer_list<Field>;

void init(Level level, Format format);
void setLevel(Level level);
bool enabled(Level level);
Result<Level> parseLevel(std::string_view text);  // debug, info, warn, error

void write(Level level, std::string_view message, Fields fields);
inline void debug(std::string_view m, Fields f = {}) {
  if (enabled(Level::kDebug)) write(Level::kDebug, m, f);
}
inline void info(std::string_view m, Fields f = {}) {
  write(Level::kInfo, m, f);
}
inline void warn(std::string_view m, Fields f = {}) {
  write(Level::kWarn, m, f);
}
inline void error(std::string_view m, Fields f = {}) {
  write(Level::kError, m, f);
}

// One line as it would be written, without the newline; for tests.
std::string render(Format format, Level level, std::string_view time, std::string_view message,
                   Fields fields);

}  // namespace profiling::log
