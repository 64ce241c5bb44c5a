#include "operator/base/log.h"

#include <atomic>
#include <chrono>
#include <cmath>
#include <memory>
#include <string>

#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include "operator/base/json_text.h"
#include "operator/base/time_text.h"

namespace profiling::log {
namespace {

constexpr std::size_t kMaxValue = 256;
std::atomic<Level> g_level{Level::kInfo};
std::atomic<Format> g_format{Format::kText};

spdlog::logger& sink() {
  // Never destroyed: threads may log while static objects are being torn down.
  static spdlog::logger* logger = [] {
    auto* l = new spdlog::logger("profiling", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    l->set_pattern("%v");
    l->set_level(spdlog::level::trace);
    l->flush_on(spdlog::level::trace);
    return l;
  }();
  return *logger;
}

std::string_view levelName(Level level) {
  switch (level) {
    case Level::kDebug:
      return "debug";
    case Level::kInfo:
      return "info";
    case Level::kWarn:
      return "warn";
    case Level::kError:
      return "error";
  }
  return "error";
}

std::string cut(std::string_view text) {
  if (text.size() <= kMaxValue) return std::string(text);
  return std::string(text.substr(0, kMaxValue)) + "…";
}

void appendValue(std::string& out, Format format, const Field& field) {
  if (const auto* s = std::get_if<std::string_view>(&field.value)) {
    const bool plain = format == Format::kText && !s->empty() && s->size() <= kMaxValue &&
                       s->find_first_not_of(
                           "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                           "0123456789-_./:@%+,") == std::string_view::npos;
    if (plain) {
      out += *s;
    } else {
      appendJsonString(out, cut(*s));
    }
  } else if (const auto* i = std::get_if<std::int64_t>(&field.value)) {
    out += std::to_string(*i);
  } else if (const auto* d = std::get_if<double>(&field.value)) {
    out += std::isfinite(*d) ? fmt::format("{:.6g}", *d) : "null";
  } else {
    out += std::get<bool>(field.value) ? "true" : "false";
  }
}

std::string now() {
  using namespace std::chrono;
  return formatRfc3339(system_clock::now());
}

}  // namespace

void init(Level level, Format format) {
  g_level = level;
  g_format = format;
}

void setLevel(Level level) {
  g_level = level;
}
bool enabled(Level level) {
  return level >= g_level.load(std::memory_order_relaxed);
}

Result<Level> parseLevel(std::string_view text) {
  for (Level l : {Level::kDebug, Level::kInfo, Level::kWarn, Level::kError}) {
    if (levelName(l) == text) return l;
  }
  return Status(Code::kInvalidArgument, "log level '" + std::string(text) +
                                            "' must be one of 'debug', 'info', 'warn', 'error'");
}

std::string render(Format format, Level level, std::string_view time, std::string_view message,
                   Fields fields) {
  std::string out;
  out.reserve(128);
  if (format == Format::kJson) {
    out += R"({"time":)";
    appendJsonString(out, time);
    out += R"(,"level":")";
    out += levelName(level);
    out += R"(","msg":)";
    appendJsonString(out, message);
    for (const Field& f : fields) {
      out += ',';
      appendJsonString(out, f.key);
      out += ':';
      appendValue(out, format, f);
    }
    out += '}';
    return out;
  }
  out += time;
  out += ' ';
  out += levelName(level);
  out += ' ';
  out += message;
  for (const Field& f : fields) {
    out += ' ';
    out += f.key;
    out += '=';
    appendValue(out, format, f);
  }
  return out;
}

void write(Level level, std::string_view message, Fields fields) {
  if (!enabled(level)) return;
  sink().log(spdlog::level::info, render(g_format, level, now(), message, fields));
}

}  // namespace profiling::log
