// The fields of a pod that decide about its node.
#include "operator/api/k8s/pod_reader.h"

namespace profiling::api {
namespace {

void readRequirements(PodReader& r, element list, std::string_view what,
                      std::vector<NodeRequirementView>& out) {
  r.items(list, what, [&](std::size_t, element item) {
    NodeRequirementView& requirement = out.emplace_back();
    r.fields(item, what, [&](std::string_view key, element v) {
      if (key == "key") {
        r.text(v, what, requirement.key);
      } else if (key == "operator") {
        r.text(v, what, requirement.op);
      } else if (key == "values") {
        readStrings(r, v, what, requirement.values);
      }
    });
  });
}

void readTerms(PodReader& r, element selector, std::vector<NodeTermView>& out) {
  constexpr std::string_view kWhat = "spec.affinity.nodeAffinity";
  r.fields(selector, kWhat, [&](std::string_view key, element terms) {
    if (key != "nodeSelectorTerms") return;
    r.items(terms, kWhat, [&](std::size_t, element item) {
      NodeTermView& term = out.emplace_back();
      r.fields(item, kWhat, [&](std::string_view field, element v) {
        if (field == "matchExpressions") readRequirements(r, v, kWhat, term.labels);
        if (field == "matchFields") readRequirements(r, v, kWhat, term.fields);
      });
    });
  });
}

}  // namespace

void readAffinity(PodReader& r, element e, std::vector<NodeTermView>& out) {
  r.fields(e, "spec.affinity", [&](std::string_view kind, element affinity) {
    if (kind != "nodeAffinity") return;
    r.fields(affinity, "spec.affinity.nodeAffinity", [&](std::string_view key, element v) {
      if (key == "requiredDuringSchedulingIgnoredDuringExecution") readTerms(r, v, out);
    });
  });
}

void readTolerations(PodReader& r, element e, std::vector<TolerationView>& out) {
  r.items(e, "spec.tolerations", [&](std::size_t, element item) {
    TolerationView& toleration = out.emplace_back();
    r.fields(item, "spec.tolerations[]", [&](std::string_view key, element v) {
      if (key == "key") r.text(v, "spec.tolerations[].key", toleration.key);
      if (key == "operator") r.text(v, "spec.tolerations[].operator", toleration.op);
      if (key == "value") r.text(v, "spec.tolerations[].value", toleration.value);
    });
  });
}

}  // namespace profiling::api
