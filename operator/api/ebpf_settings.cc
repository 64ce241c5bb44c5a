#include "operator/api/ebpf_settings.h"

#include <algorithm>

#include "operator/api/fields.h"
#include "operator/base/names.h"
#include "operator/base/text.h"
#include "operator/base/time_text.h"

namespace profiling::api {
namespace {

constexpr const char* kPullPolicies[] = {"Always", "IfNotPresent", "Never"};
constexpr std::size_t kLongestImage = 500;
constexpr std::size_t kLongestTenant = 150;

}  // namespace

template <>
struct EnumTable<EbpfOptIn> {
  static constexpr std::array<std::pair<EbpfOptIn, const char*>, 2> names{
      {{EbpfOptIn::kAnnotated, "Annotated"}, {EbpfOptIn::kAll, "All"}}};
};
template <>
struct Table<EbpfServer> {
  static constexpr auto fields =
      std::make_tuple(field("namespace", &EbpfServer::namespace_, {.required = true}),
                      field("name", &EbpfServer::name, {.required = true}));
};
template <>
struct Table<EbpfSettings> {
  using S = EbpfSettings;
  static constexpr auto fields = std::make_tuple(
      field("image", &S::image, {.required = true}),
      field("imagePullPolicy", &S::image_pull_policy, {.words = kPullPolicies}),
      field("server", &S::server, {.required = true}), field("tenantID", &S::tenant_id),
      field("sampleHz", &S::sample_hz, {.minimum = 1, .maximum = 100}),
      field("collectInterval", &S::collect_interval), field("namespaces", &S::namespaces),
      field("excludedNamespaces", &S::excluded_namespaces), field("optIn", &S::opt_in),
      field("nodeSelector", &S::node_selector, {.raw = Raw::kObject}),
      field("tolerations", &S::tolerations, {.raw = Raw::kArray}),
      field("resources", &S::resources, {.raw = Raw::kObject}),
      field("priorityClassName", &S::priority_class_name));
};

namespace {

Status bad(const std::string& path, const std::string& what) {
  return {Code::kInvalidArgument, "at " + path + ": " + what};
}

template <class S>
Status unknownFields(const Json& object, const std::string& path) {
  std::vector<std::string> known;
  std::apply([&](const auto&... f) { (known.emplace_back(f.name), ...); }, Table<S>::fields);
  for (const auto& [key, value] : object.items()) {
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      return bad(path + pointerStep(key), "the field must be one of " + quotedList(known));
    }
  }
  return {};
}

Status checkNamespaces(const char* path, const std::vector<std::string>& names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (isDnsLabel(names[i])) continue;
    return bad(std::string(path) + "/" + std::to_string(i),
               "'" + printable(names[i]) +
                   "' must be a namespace's name: a-z, 0-9 and '-', at most 63 characters");
  }
  return {};
}

bool isTenant(std::string_view tenant) {
  constexpr std::string_view kMarks = "!_.*'()-";
  return tenant.size() <= kLongestTenant && tenant != "." && tenant != ".." &&
         std::all_of(tenant.begin(), tenant.end(), [&](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  kMarks.find(c) != std::string_view::npos;
         });
}

Status check(const EbpfSettings& s) {
  const bool plain =
      std::all_of(s.image.begin(), s.image.end(), [](char c) { return c > ' ' && c < 0x7F; });
  if (s.image.empty() || s.image.size() > kLongestImage || !plain) {
    return bad("/image",
               "'" + printable(s.image) +
                   "' must be an image's reference, at most 500 characters without blanks");
  }
  for (const auto& [path, name] : {std::pair("/server/namespace", &s.server.namespace_),
                                   std::pair("/server/name", &s.server.name)}) {
    if (!isDnsLabel(*name)) {
      return bad(path, "'" + printable(*name) +
                           "' must be that of a ProfilingServer: a-z, 0-9 and '-', at most 63 "
                           "characters");
    }
  }
  if (!isTenant(s.tenant_id)) {
    return bad("/tenantID", "'" + printable(s.tenant_id) +
                                "' must be at most 150 of A-Z, a-z, 0-9 and !_.*'()-, and not '.' "
                                "or '..'");
  }
  const auto interval = parseDuration(s.collect_interval);
  if (!interval.ok() || *interval < std::chrono::seconds(5) ||
      *interval > std::chrono::minutes(10)) {
    return bad("/collectInterval",
               "'" + printable(s.collect_interval) + "' must be a duration between '5s' and '10m'");
  }
  if (Status names = checkNamespaces("/namespaces", s.namespaces); !names.ok()) return names;
  return checkNamespaces("/excludedNamespaces", s.excluded_namespaces);
}

}  // namespace

Result<EbpfSettings> ebpfSettingsFromJson(std::string_view text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) {
    return bad("/", "'" + printable(text, 60) + "' must be a JSON object");
  }
  if (Status known = unknownFields<EbpfSettings>(json, ""); !known.ok()) return known;
  if (const auto server = json.find("server"); server != json.end() && server->is_object()) {
    if (Status known = unknownFields<EbpfServer>(*server, "/server"); !known.ok()) return known;
  }
  EbpfSettings settings;
  Reader reader;
  reader.object(json, settings, "");
  if (!reader.status().ok()) return reader.status();
  if (Status valid = check(settings); !valid.ok()) return valid;
  return settings;
}

}  // namespace profiling::api
