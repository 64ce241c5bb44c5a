#include "operator/cli/pods/commands.h"

#include <algorithm>
#include <ostream>

#include "operator/api/json_access.h"
#include "operator/base/text.h"
#include "operator/cli/io.h"
#include "operator/cli/pods/explain.h"
#include "operator/cli/pods/lint.h"
#include "operator/cli/pods/settings.h"
#include "operator/kube/version.h"

namespace profiling::cli {
namespace {

using Json = nlohmann::json;

constexpr const char* kDefaultNamespace = "default";

Result<std::vector<Document>> readFiles(const std::vector<std::string>& files) {
  std::vector<Document> out;
  for (const std::string& file : files) {
    const auto text = readText(file);
    if (!text.ok()) return text.status();
    auto documents = readDocuments(fileName(file), *text);
    if (!documents.ok()) return documents.status();
    for (Document& document : *documents) out.push_back(std::move(document));
  }
  return out;
}

// The inputs of one command.
struct Work {
  std::string namespace_;
  std::vector<Document> documents;  // to explain or inject
  std::unique_ptr<PolicyInputs> inputs;
};

// Objects that the user may not read are skipped with a warning, so explain needs no administrator.
void load(ApiServer& server, const std::string& namespace_, PolicyInputs& inputs,
          const Screen& screen) {
  using namespace kube;  // NOLINT(google-build-using-namespace): the resources below
  struct Source {
    const Resource& resource;
    std::string_view kind;
    std::string place;
  };
  const std::string& system = inputs.settings().operator_namespace;
  for (const Source& source :
       {Source{resources::kNamespaces, "Namespace", ""},
        Source{resources::kServers, api::ProfilingServer::kKind, ""},
        Source{resources::kClusterPolicies, api::ClusterProfilingPolicy::kKind, ""},
        Source{resources::kPolicies, api::ProfilingPolicy::kKind, namespace_},
        Source{resources::kControllerRevisions, "ControllerRevision", namespace_},
        Source{resources::kControllerRevisions, "ControllerRevision", system},
        Source{resources::kWorkloads, api::WorkloadProfile::kKind, namespace_},
        Source{resources::kLimitRanges, "LimitRange", namespace_},
        Source{resources::kResourceQuotas, "ResourceQuota", namespace_},
        Source{resources::kNodes, "Node", ""}}) {
    const auto objects = server.objects(source.resource, source.kind, source.place);
    if (!objects.ok()) {
      screen.err << "warning: deciding without " << source.resource.plural << ": "
                 << objects.status().message() << "\n";
      continue;
    }
    for (const Json& object : *objects) {
      const auto added = inputs.add(object, namespace_);
      if (!added.ok())
        screen.err << "warning: " << nameOf(object) << ": " << added.status().message() << "\n";
    }
  }
}

inject::Settings installed(ApiServer& server, const Options& options, const Screen& screen,
                           inject::Settings otherwise) {
  const auto deployments =
      server.objects({"apps", "v1", "deployments"}, "Deployment", options.operator_namespace);
  if (deployments.ok()) {
    const auto version = kube::readVersion(server.http(), std::chrono::milliseconds(0), {});
    const bool native = !version.ok() || kube::allNodesHaveNativeSidecars(*version);
    for (const Json& deployment : *deployments) {
      if (const auto settings = settingsOf(deployment, native)) return *settings;
    }
  }
  screen.err << "warning: cannot read the webhook's Deployment in namespace '"
             << options.operator_namespace
             << "' (--operator-namespace): assuming the chart's agents\n";
  return otherwise;
}

Result<Work> prepare(const Options& options, ApiServer* server, const Screen& screen) {
  Work work;
  work.namespace_ = server != nullptr            ? server->ownNamespace()
                    : options.namespace_.empty() ? kDefaultNamespace
                                                 : options.namespace_;
  auto settings = chartSettings(options.agent_images);
  if (!settings.ok()) return settings.status();
  settings->operator_namespace = options.operator_namespace;
  auto documents = readFiles(options.files);
  if (!documents.ok()) return documents.status();
  auto policies = readFiles(options.policy_files);
  if (!policies.ok()) return policies.status();
  if (server != nullptr && options.agent_images.empty()) {
    settings = installed(*server, options, screen, *std::move(settings));
  }
  work.inputs = std::make_unique<PolicyInputs>(*std::move(settings));
  if (server != nullptr) load(*server, work.namespace_, *work.inputs, screen);
  for (const std::vector<Document>* list : {&*documents, &*policies}) {
    for (const Document& d : *list) {
      const auto added = work.inputs->add(d.object, work.namespace_);
      if (!added.ok()) return added.status().annotated(d.place);
    }
  }
  work.documents = *std::move(documents);
  return work;
}

Result<Document> liveObject(ApiServer& server, const std::string& target) {
  auto object = server.podOrWorkload(target);
  if (!object.ok()) return object.status();
  return Document{target, *std::move(object), {}};
}

// The decision when a running pod started, from its annotation, which anyone may have edited.
std::string decisionAtStart(const Json& pod) {
  const std::string annotation =
      api::text(api::member(pod, "metadata", "annotations", api::kDecisionKey));
  if (annotation.empty()) {
    return "  at start: no decision (no policy matched, or the webhook did not answer)";
  }
  const Json decision = Json::parse(annotation, nullptr, false);
  const std::string action = api::text(api::member(decision, "action"));
  if (action.empty()) return "  at start: the decision annotation is not readable";
  const std::string revision = api::text(api::member(decision, "revision"));
  return "  at start: " + printable(action, 40) + ", " +
         printable(api::text(api::member(decision, "reason")), 40) +
         (revision.empty() ? "" : " (revision " + printable(revision, 40) + ")");
}

}  // namespace

int explainPods(const Options& options, ApiServer* server, const Screen& screen) {
  auto work = prepare(options, server, screen);
  if (!work.ok()) return fail(screen, work.status());
  if (!options.target.empty()) {
    auto live = liveObject(*server, options.target);
    if (!live.ok()) return fail(screen, live.status());
    work->documents.push_back(*std::move(live));
  }
  Json list = Json::array();
  bool refused = false;
  std::size_t pods = 0;
  for (const Document& d : work->documents) {
    const std::string home = namespaceOf(d.object, work->namespace_);
    const auto of = podOf(d.object, home);
    if (!of) continue;
    ++pods;
    work->inputs->addNamespace(home);
    const bool runs = !options.target.empty() && of->path.empty();
    const auto explained = explain(nameOf(d.object), of->pod, home, *work->inputs);
    if (!explained.ok()) return fail(screen, explained.status().annotated(d.place));
    refused = refused || explained->refused;
    list.push_back(toJson(*explained));
    if (structured(options)) continue;
    std::vector<std::string> text = lines(*explained, screen.style);
    if (runs) text.insert(text.begin() + 1, decisionAtStart(of->pod));
    screen.out << joined(text);
  }
  if (pods == 0) {
    return fail(screen, {Code::kInvalidArgument,
                         "the files contain no Pod and no workload with a pod template"});
  }
  if (structured(options)) {
    screen.out << render(Json{{"pods", std::move(list)}}, options.format);
  }
  return refused ? 1 : 0;
}

int injectPods(const Options& options, ApiServer* server, const Screen& screen) {
  auto work = prepare(options, server, screen);
  if (!work.ok()) return fail(screen, work.status());
  Json items = Json::array();
  std::string yaml;
  bool registry_is_known = true;
  for (const Document& d : work->documents) {
    const std::string home = namespaceOf(d.object, work->namespace_);
    Json object = d.object;
    if (const auto of = podOf(d.object, home)) {
      work->inputs->addNamespace(home);
      const auto explained = explain(nameOf(d.object), of->pod, home, *work->inputs);
      if (!explained.ok()) return fail(screen, explained.status().annotated(d.place));
      if (!explained->injected) {
        screen.err << d.place << ": unchanged, " << inject::reasonName(explained->reason) << ": "
                   << explained->remedy << "\n";
      }
      if (explained->injected) {
        object = withPod(d.object, *of, explained->patched);
        const std::string patched =
            explained->patched.dump(-1, ' ', false, Json::error_handler_t::replace);
        if (patched.find("\"REGISTRY/") != std::string::npos) registry_is_known = false;
      }
    }
    const bool same = object == d.object && !d.text.empty();
    std::string text = same ? d.text : render(object, Format::kYaml);
    if (!text.ends_with("---\n")) text += "---\n";
    yaml += text;
    items.push_back(std::move(object));
  }
  if (!registry_is_known) {
    screen.err << "warning: pods with these agent images cannot start, because their registry is "
                  "unknown and printed as REGISTRY: name the images with --agent-image, or use "
                  "--live\n";
  }
  if (options.format == Format::kJson) {
    screen.out << render(Json{{"apiVersion", "v1"}, {"kind", "List"}, {"items", std::move(items)}},
                         Format::kJson);
  } else {
    screen.out << yaml;
  }
  return 0;
}

int lintFiles(const Options& options, const Screen& screen) {
  const auto settings = chartSettings({});
  const auto documents = readFiles(options.files);
  if (!documents.ok()) return fail(screen, documents.status());
  const std::string namespace_ =
      options.namespace_.empty() ? kDefaultNamespace : options.namespace_;
  const std::vector<Finding> found = lint(*documents, namespace_, *settings);
  const bool wrong =
      std::ranges::any_of(found, [&](const Finding& f) { return f.error || options.strict; });
  if (structured(options)) {
    Json list = Json::array();
    for (const Finding& f : found) {
      list.push_back({{"severity", f.error ? "error" : "warning"},
                      {"object", f.place},
                      {"field", f.field},
                      {"message", f.message}});
    }
    screen.out << render(Json{{"findings", std::move(list)}}, options.format);
    return wrong ? 1 : 0;
  }
  for (const Finding& f : found) {
    screen.out << coloured(f.error ? "error" : "warning", f.error ? Tone::kAlarm : Tone::kBusy,
                           screen.style)
               << ": " << f.place << (f.field.empty() ? "" : " at " + f.field) << ": " << f.message
               << "\n";
  }
  screen.err << documents->size() << " objects, " << found.size() << " findings\n";
  return wrong ? 1 : 0;
}

}  // namespace profiling::cli
