#include "webhooks/inject/env.h"

#include <algorithm>

#include "operator/base/text.h"
#include "webhooks/inject/lang/language.h"

namespace profiling::inject {
namespace {

// Names outside these beginnings are never looked up.
bool isInteresting(std::string_view name) {
  if (name.empty()) return false;
  switch (name[0]) {
    case 'P':
      return name.starts_with("PYROSCOPE_") || name.starts_with("PROFILING_") ||
             name == "PYTHONPATH";
    case 'J':
      return name.starts_with("JAVA_") || name.starts_with("JDK_");
    case 'N':
      return name == "NODE_OPTIONS";
    case 'C':
      return name == "CATALINA_OPTS";
    case 'D':
      return name.starts_with("DD_");
    case '_':
      return name == "_JAVA_OPTIONS";
    default:
      return false;
  }
}

}  // namespace

ContainerEnv::ContainerEnv(const api::ContainerView& container) : container_(container) {
  for (const api::EnvVarView& var : container.env) {
    if (isInteresting(var.name)) known_.push_back(&var);
  }
}

const api::EnvVarView* ContainerEnv::find(std::string_view name) const {
  const auto last = std::find_if(known_.rbegin(), known_.rend(),
                                 [&](const api::EnvVarView* var) { return var->name == name; });
  return last == known_.rend() ? nullptr : *last;
}

std::size_t ContainerEnv::indexOf(const api::EnvVarView* var) const {
  return static_cast<std::size_t>(var - container_.env.data());
}

bool ContainerEnv::maySupply(std::string_view name) const {
  for (const api::EnvFromView& from : container_.env_from) {
    if (from.prefix.size() < name.size() && name.starts_with(from.prefix)) return true;
  }
  return false;
}

bool listContains(std::string_view value, std::string_view element, char separator) {
  while (true) {
    const std::size_t end = value.find(separator);
    if (value.substr(0, end) == element) return true;
    if (end == std::string_view::npos) return false;
    value.remove_prefix(end + 1);
  }
}

Merge mergeVariable(const ContainerEnv& env, const MergeVariable& variable,
                    const std::vector<std::string_view>& additions,
                    api::SecretEnvFrom secret_env_from) {
  const api::EnvVarView* existing = env.find(variable.name);
  if (existing != nullptr && existing->has_value_from) return {Reason::kEnvValueFrom, std::nullopt};

  const std::string_view before = existing == nullptr ? std::string_view() : existing->value;
  std::string after(before), alone;
  const auto add = [&](std::string& list, std::string_view addition) {
    if (list.empty()) {
      list = addition;
    } else if (variable.prepend) {
      list.insert(0, std::string(addition) + variable.separator);
    } else {
      list += variable.separator;
      list += addition;
    }
  };
  for (const std::string_view addition : additions) {
    add(alone, addition);
    if (!listContains(before, addition, variable.separator)) add(after, addition);
  }

  Merge merge;
  // An entry that holds exactly our text was made by us: the question of what envFrom holds was
  // answered then, and the answer is the same now.
  if ((existing == nullptr || before == alone) && env.maySupply(variable.name)) {
    if (variable.self_reference) {
      const std::string reference = "$(" + std::string(variable.name) + ")";
      if (existing == nullptr) after = alone + variable.separator + reference;
    } else if (secret_env_from == api::SecretEnvFrom::kSkip) {
      return {Reason::kEnvFromSecret, std::nullopt};
    } else {
      merge.reason = Reason::kEnvFromSecretAssumed;
    }
  }
  if (existing != nullptr && after == before) return merge;

  EnvEdit edit;
  edit.kind = existing == nullptr ? EnvEdit::Kind::kAppend : EnvEdit::Kind::kReplaceValue;
  edit.name = std::string(variable.name);
  edit.value = std::move(after);
  edit.index = existing == nullptr ? 0 : env.indexOf(existing);
  merge.edit = std::move(edit);
  return merge;
}

std::string literal(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    out += c;
    if (c == '$') out += c;
  }
  return out;
}

}  // namespace profiling::inject
