#include "operator/inject/pprof/pprof_endpoint.h"

#include <algorithm>
#include <charconv>

#include "operator/inject/annotations.h"
#include "operator/inject/env.h"
#include "operator/inject/languages/language.h"
#include "operator/inject/names.h"

namespace profiling::inject {
namespace {

constexpr std::string_view kContainerTag = ",container=";
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
  return std::any_of(c.ports.begin(), c.ports.end(),
                     [&](const api::PortView& p) { return p.number == port; });
}

bool namesOne(const std::vector<api::Language>& languages) {
  return std::any_of(languages.begin(), languages.end(),
                     [](api::Language l) { return languageRow(l).scraped; });
}

}  // namespace

const api::ContainerView* ownSidecar(const api::PodView& pod) {
  for (const auto* list : {&pod.init_containers, &pod.containers}) {
    for (const api::ContainerView& c : *list) {
      if (!c.name.starts_with(kInitContainerPrefix)) continue;
      if (!ContainerEnv(c).find(kPprofPortEnv)) continue;
      return &c;
    }
  }
  return nullptr;
}

std::string_view containerOf(const api::ContainerView& sidecar) {
  const api::EnvVarView* labels = ContainerEnv(sidecar).find(kLabelsEnv);
  if (labels == nullptr) return {};
  const std::size_t at = labels->value.rfind(kContainerTag);
  return at == std::string_view::npos ? std::string_view()
                                      : labels->value.substr(at + kContainerTag.size());
}

std::optional<PprofEndpoint> findPprof(const api::PodView& pod, const Targets& targets,
                                       const Decision& decision, std::vector<Warning>& warnings) {
  PprofEndpoint out;
  out.path_prefix = pathPrefix(pod, warnings);
  std::optional<std::int64_t> annotated;
  if (const auto text = pod.annotation(api::kPprofPortKey)) {
    annotated = portOf(*text);
    if (!annotated) {
      warnings.push_back(
          invalidAnnotation(api::kPprofPortKey, *text, "the number of a port, 1 to 65535"));
    }
  }
  if (const api::ContainerView* sidecar = ownSidecar(pod)) {
    out.container = containerOf(*sidecar);
    out.port = portOf(ContainerEnv(*sidecar).find(kPprofPortEnv)->value).value_or(0);
    out.told = true;
    return out;
  }
  const api::ContainerView* first = nullptr;
  for (const api::ContainerView* c : targets.containers) {
    if (!c->is_init && first == nullptr) first = c;
  }
  if (first == nullptr) return std::nullopt;
  const auto at = [&](const api::ContainerView& c, std::int64_t port, bool told) {
    out.container = c.name;
    out.port = port;
    out.told = told;
    return out;
  };
  if (annotated) {
    for (const api::ContainerView* c : targets.containers) {
      if (!c->is_init && declares(*c, *annotated)) return at(*c, *annotated, true);
    }
    return at(*first, *annotated, true);
  }
  for (const api::ContainerView* c : targets.containers) {
    for (const api::PortView& port : c->ports) {
      if (!c->is_init && namedPprof(port.name) && port.number > 0) return at(*c, port.number, true);
    }
  }
  for (const api::ContainerView* c : targets.containers) {
    if (!c->is_init && declares(*c, kDefaultPprofPort)) return at(*c, kDefaultPprofPort, false);
  }
  if (namesOne(decision.annotated_languages)) return at(*first, kDefaultPprofPort, true);
  return std::nullopt;
}

}  // namespace profiling::inject
