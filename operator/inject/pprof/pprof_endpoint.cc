#include "operator/inject/pprof/pprof_endpoint.h"

#include <algorithm>
#include <charconv>

#include "operator/inject/annotations.h"
#include "operator/inject/fact_log.h"
#include "operator/inject/languages/language.h"

namespace profiling::inject {
namespace {

constexpr std::size_t kMaxPathPrefix = 256;

std::optional<std::int64_t> portOf(std::string_view text) {
  std::int64_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return port >= 1 && port <= 65535 ? std::optional(port) : std::nullopt;
}

bool isPath(std::string_view text) {
  const auto plain = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("/._~-").find(c) != std::string_view::npos;
  };
  return !text.empty() && text.size() <= kMaxPathPrefix && text[0] == '/' &&
         std::all_of(text.begin(), text.end(), plain);
}

std::string_view pathPrefix(const api::PodView& pod, std::vector<Warning>& warnings) {
  const auto text = pod.annotation(api::kPprofPathPrefixKey);
  if (!text || isPath(*text)) return text.value_or("");
  warnings.push_back(invalidAnnotation(api::kPprofPathPrefixKey, *text,
                                       "a path of at most 256 letters, digits and / . _ ~ -"));
  return {};
}

// "pprof", "http-pprof", "pprof-http".
bool namedPprof(std::string_view name) {
  return name == "pprof" || name.ends_with("-pprof") || name.starts_with("pprof-");
}

bool declares(const api::ContainerView& c, std::int64_t port) {
  return std::ranges::find(c.ports, port, &api::PortView::number) != c.ports.end();
}

bool namesScraped(const std::vector<api::Language>& languages) {
  return std::ranges::any_of(languages, [](api::Language l) { return languageRow(l).scraped; });
}

}  // namespace

std::optional<PprofEndpoint> findPprof(const PodReading& pod,
                                       const std::vector<const ContainerReading*>& targets,
                                       const Decision& decision, std::vector<Warning>& warnings) {
  FactLog::add(Fact::kPprofEndpoint, &pod.pod);
  PprofEndpoint out;
  out.path_prefix = pathPrefix(pod.pod, warnings);
  std::optional<std::int64_t> annotated;
  if (const auto text = pod.pod.annotation(api::kPprofPortKey)) {
    annotated = portOf(*text);
    if (!annotated) {
      warnings.push_back(
          invalidAnnotation(api::kPprofPortKey, *text, "the number of a port, 1 to 65535"));
    }
  }
  if (pod.sidecar) {
    out.container = pod.sidecar->target;
    out.port = portOf(pod.sidecar->port).value_or(0);
    out.stated = true;
    return out;
  }
  std::vector<const api::ContainerView*> candidates;
  for (const ContainerReading* target : targets) {
    if (!target->view().is_init) candidates.push_back(&target->view());
  }
  if (candidates.empty()) return std::nullopt;
  const auto at = [&](const api::ContainerView& c, std::int64_t port, bool stated) {
    out.container = c.name;
    out.port = port;
    out.stated = stated;
    return out;
  };
  const auto declaring = [&](std::int64_t port) {
    const auto it = std::ranges::find_if(
        candidates, [port](const api::ContainerView* c) { return declares(*c, port); });
    return it == candidates.end() ? nullptr : *it;
  };
  const api::ContainerView* const first = candidates.front();
  if (annotated) {
    const api::ContainerView* const c = declaring(*annotated);
    return at(c == nullptr ? *first : *c, *annotated, true);
  }
  for (const api::ContainerView* c : candidates) {
    for (const api::PortView& port : c->ports) {
      if (namedPprof(port.name) && port.number > 0) return at(*c, port.number, true);
    }
  }
  if (const api::ContainerView* const c = declaring(kDefaultPprofPort)) {
    return at(*c, kDefaultPprofPort, false);
  }
  if (namesScraped(decision.annotated_languages)) return at(*first, kDefaultPprofPort, true);
  return std::nullopt;
}

}  // namespace profiling::inject
