#include "operator/inject/languages/libc.h"

#include <optional>

#include "operator/base/names.h"
#include "operator/base/text.h"
#include "operator/inject/annotations.h"
#include "operator/inject/image_words.h"

namespace profiling::inject {
namespace {

constexpr std::size_t kMaxLibcBytes = 4096;

std::optional<Libc> parseLibc(std::string_view text) {
  if (text == "musl") return Libc::kMusl;
  if (text == "glibc") return Libc::kGlibc;
  return std::nullopt;
}

struct Item {
  std::string_view container;  // empty: all
  std::optional<Libc> libc;    // nullopt: not valid
};
Item parseItem(std::string_view text) {
  text = trim(text);
  const std::size_t eq = text.find('=');
  if (eq == std::string_view::npos) return {{}, parseLibc(text)};
  const std::string_view name = text.substr(0, eq);
  if (!isDnsLabel(name)) return {};
  return {name, parseLibc(text.substr(eq + 1))};
}

std::optional<Libc> annotated(const api::PodView& pod, std::string_view container) {
  const auto value = pod.annotation(api::kLibcKey);
  std::optional<Libc> found;
  if (!value || value->size() > kMaxLibcBytes) return found;
  for (const std::string_view text : split(*value, ',')) {
    const Item item = parseItem(text);
    if (!item.libc) continue;
    if (item.container == container) return item.libc;
    if (item.container.empty() && !found) found = item.libc;
  }
  return found;
}

std::optional<Libc> ofOpenTelemetry(const api::PodView& pod) {
  const auto dotnet = pod.annotation("instrumentation.opentelemetry.io/otel-dotnet-auto-runtime");
  if (dotnet == "linux-musl-x64") return Libc::kMusl;
  if (dotnet == "linux-x64") return Libc::kGlibc;
  const auto python = pod.annotation("instrumentation.opentelemetry.io/otel-python-platform");
  return python ? parseLibc(*python) : std::nullopt;
}

// "…/aspnet:8.0-alpine3.20", "company/alpine-dotnet"; registry and folders say nothing.
bool namesMusl(std::string_view image) {
  return anyImageWord(nameAndTag(image), [](std::string_view word) {
    return word.starts_with("alpine") || word == "musl";
  });
}

}  // namespace

LibcAnswer libcOf(const api::PodView& pod, const api::ContainerView& container) {
  if (const auto libc = annotated(pod, container.name)) return {*libc, true};
  if (const auto libc = ofOpenTelemetry(pod)) return {*libc, true};
  return {namesMusl(container.image) ? Libc::kMusl : Libc::kGlibc, false};
}

void checkLibc(const api::PodView& pod, std::vector<Warning>& warnings) {
  const auto value = pod.annotation(api::kLibcKey);
  if (!value) return;
  bool bad = value->size() > kMaxLibcBytes;
  if (!bad) {
    for (const std::string_view text : split(*value, ',')) bad = bad || !parseItem(text).libc;
  }
  if (bad) {
    warnings.push_back(
        invalidAnnotation(api::kLibcKey, *value, "glibc, musl, or CONTAINER=musl,OTHER=glibc"));
  }
}

}  // namespace profiling::inject
