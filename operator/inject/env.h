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

// A variable of a container that makes the runtime load the agent. It may hold something already,
// so it is extended and never replaced.
struct MergeVariable {
  std::string_view name;
  std::string_view addition;  // also how an earlier injection is recognised
  char separator = ' ';
  bool prepend = false;
  // An unresolved "$(NAME)" stays literal and does the runtime no harm. Then the variable can refer
  // to a value that a source of envFrom may or may not provide.
  bool self_reference = false;
  char other_separator = '\0';  // the runtime reads it alike: kept where it is the one in use
  bool terminated = false;      // the separator also follows the last element
  // Elements that begin so are ours: replaced where they are no longer right.
  std::string_view own = {};
};

enum class Supply { kNo, kPerhaps, kYes };

// Whether some rule asks for a variable of that name.
bool decidesAboutAgents(std::string_view name);

// The effective entries of a container. Only names that some rule asks for are kept, so a lookup
// does not depend on how much else the container sets. Views the container.
class ContainerEnv {
 public:
  // `known`: the variables of the ConfigMaps that it names; may be null.
  explicit ContainerEnv(const api::ContainerView& container,
                        const std::vector<api::ConfigMapNames>* known = nullptr);

  const api::EnvVarView* find(std::string_view name) const;
  std::size_t indexOf(const api::EnvVarView* var) const;
  // Whether a source of envFrom provides `name`: perhaps, where the name starts with its prefix
  // and its keys are not known.
  Supply supplies(std::string_view name) const;
  // True when the variable is set to something that does not say no: "1", "true", "auto", …
  bool switchedOn(std::string_view name) const;
  // True when the variable is "0" or "false".
  bool switchedOff(std::string_view name) const;
  const api::ContainerView& container() const { return container_; }
  // The entries that some rule asks for, in order; an effective one may follow others of its name.
  const std::vector<const api::EnvVarView*>& entries() const { return known_; }

 private:
  const api::ContainerView& container_;
  const std::vector<api::ConfigMapNames>* config_maps_;
  std::vector<const api::EnvVarView*> known_;  // in order
};

// A container in its pod, as rules about other tools and languages see it.
struct ContainerContext {
  const api::PodView& pod;
  const ContainerEnv& env;

  const api::ContainerView& container() const { return env.container(); }
};

// Whether `value` of that variable has `element`.
bool listContains(std::string_view value, std::string_view element, const MergeVariable& variable);
// Whether `value` has what we add to that variable, in this pass or an earlier one.
bool holdsOurs(std::string_view value, const MergeVariable& variable);

struct Merge {
  Reason reason = Reason::kInjected;  // or kEnvFromSecretAssumed; else the variable cannot be set
  std::optional<EnvEdit> edit;        // none: it holds the additions already
  bool replaces_image = false;        // a value of the image, which cannot be seen, is lost
  bool ok() const { return reason == Reason::kInjected || reason == Reason::kEnvFromSecretAssumed; }
};
// Extends `variable` by each of `additions` that it does not have, and drops elements of ours that
// are not among them.
// Without a value of the pod, `image` is extended: what the pod states of the image's own value.
Merge mergeVariable(const ContainerEnv& env, const MergeVariable& variable,
                    const std::vector<std::string_view>& additions,
                    api::SecretEnvFrom secret_env_from, std::string_view image = {});

// A literal value: "$" doubled, because the kubelet expands $(NAME) and reads $$ as one $.
std::string literal(std::string_view text);

}  // namespace profiling::inject
