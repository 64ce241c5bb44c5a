// Reading and extending a container's environment. Rules that Kubernetes sets and this file keeps:
// of two entries with one name the last counts; $(NAME) resolves only names that stand earlier in
// the list (or come from envFrom); env wins over envFrom. So entries keep their position, only the
// effective one is edited, and what is new goes to the end.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/api/k8s/pod_view.h"
#include "operator/inject/inject.h"

namespace profiling::inject {

struct MergeVariable;

enum class Supply { kNo, kPerhaps, kYes };

// Whether some rule asks for a variable of that name.
bool decidesAboutAgents(std::string_view name);

// The effective entries of a container. Only names that some rule asks for are kept, so a lookup
// does not depend on how much else the container sets. Views the container.
class ContainerEnv {
 public:
  // `known`: of the ConfigMaps that it names; may be null.
  explicit ContainerEnv(const api::ContainerView& container,
                        const std::vector<api::ConfigMapNames>* known = nullptr);

  const api::EnvVarView* find(std::string_view name) const;
  std::size_t indexOf(const api::EnvVarView* var) const;
  // Whether a source of envFrom provides `name`: perhaps, where its prefix is a beginning of the
  // name and what it holds is not known.
  Supply supplies(std::string_view name) const;
  const api::ContainerView& container() const { return container_; }

 private:
  const api::ContainerView& container_;
  const std::vector<api::ConfigMapNames>* config_maps_;
  std::vector<const api::EnvVarView*> known_;  // in order
};

// Whether `value` of that variable has `element`.
bool listContains(std::string_view value, std::string_view element, const MergeVariable& variable);
// Whether `value` has what we add to that variable, of this pass or of an earlier one.
bool holdsOurs(std::string_view value, const MergeVariable& variable);

struct Merge {
  Reason reason = Reason::kInjected;  // or kEnvFromSecretAssumed; else the variable cannot be set
  std::optional<EnvEdit> edit;        // none: it holds the additions already
  bool ok() const { return reason == Reason::kInjected || reason == Reason::kEnvFromSecretAssumed; }
};
// Extends `variable` by each of `additions` that it does not have. Elements of ours that are not
// among them go.
Merge mergeVariable(const ContainerEnv& env, const MergeVariable& variable,
                    const std::vector<std::string_view>& additions,
                    api::SecretEnvFrom secret_env_from);

// A literal value: "$" doubled, because the kubelet expands $(NAME) and reads $$ as one $.
std::string literal(std::string_view text);

}  // namespace profiling::inject
