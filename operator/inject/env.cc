#include "operator/inject/env.h"

#include <algorithm>

#include "operator/inject/fact_log.h"

namespace profiling::inject {

// Names without one of these prefixes are never looked up.
bool decidesAboutAgents(std::string_view name) {
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
      return name == "CATALINA_OPTS" || name.starts_with("CORECLR_") ||
             name.starts_with("COMPlus_");
    case 'D':
      return name.starts_with("DD_") || name.starts_with("DOTNET_");
    case 'L':
      return name == "LD_PRELOAD" || name == "LD_LIBRARY_PATH";
    case 'O':
      return name.starts_with("OTEL_") || name == "OPENJ9_JAVA_OPTIONS";
    case 'E':
      return name.starts_with("ELASTIC_");
    case 'I':
      return name == "IBM_JAVA_OPTIONS";
    case 'R':
      return name == "RUBYOPT";
    case '_':
      return name == "_JAVA_OPTIONS";
    default:
      return false;
  }
}

ContainerEnv::ContainerEnv(const api::ContainerView& container,
                           const std::vector<api::ConfigMapNames>* known)
    : container_(container), config_maps_(known) {
  FactLog::add(Fact::kContainerEnv, &container);
  for (const api::EnvVarView& var : container.env) {
    if (decidesAboutAgents(var.name)) known_.push_back(&var);
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

bool ContainerEnv::switchedOn(std::string_view name) const {
  const api::EnvVarView* var = find(name);
  if (var == nullptr) return false;
  if (var->has_value_from) return true;  // unknown: taken as on, because two profilers crash
  return !var->value.empty() && var->value != "false" && var->value != "0";
}

bool ContainerEnv::switchedOff(std::string_view name) const {
  const api::EnvVarView* var = find(name);
  return var != nullptr && !var->has_value_from && (var->value == "0" || var->value == "false");
}

Supply ContainerEnv::supplies(std::string_view name) const {
  Supply all = Supply::kNo;
  for (const api::EnvFromView& from : container_.env_from) {
    if (from.prefix.size() >= name.size() || !name.starts_with(from.prefix)) continue;
    const api::ConfigMapNames* known = nullptr;
    if (!from.is_secret && config_maps_ != nullptr) {
      const auto it = std::find_if(config_maps_->begin(), config_maps_->end(),
                                   [&](const auto& map) { return map.config_map == from.name; });
      if (it != config_maps_->end()) known = &*it;
    }
    if (known == nullptr) {
      all = std::max(all, Supply::kPerhaps);
    } else if (std::find(known->names.begin(), known->names.end(), name) != known->names.end()) {
      return Supply::kYes;
    }
  }
  return all;
}

namespace {

// Takes the next element off a list of `variable`; nullopt at its end.
std::optional<std::string_view> nextElement(std::optional<std::string_view>& list,
                                            const MergeVariable& variable) {
  if (!list) return std::nullopt;
  std::size_t end = list->find(variable.separator);
  if (variable.other_separator != '\0') {
    end = std::min(end, list->find(variable.other_separator));
  }
  const std::string_view element = list->substr(0, end);
  if (end == std::string_view::npos) {
    list.reset();
  } else {
    list->remove_prefix(end + 1);
  }
  return element;
}

bool isOurs(std::string_view element, const MergeVariable& variable) {
  return element == variable.addition ||
         (!variable.own.empty() && element.starts_with(variable.own));
}

// The list without elements of ours that are not in `wanted`; unchanged where it has none.
std::string withoutStale(std::string_view value, const MergeVariable& variable,
                         const std::vector<std::string_view>& wanted, char separator) {
  if (variable.own.empty()) return std::string(value);
  std::string kept;
  bool first = true, dropped = false;
  std::optional<std::string_view> rest = value;
  while (const auto element = nextElement(rest, variable)) {
    if (isOurs(*element, variable) &&
        std::find(wanted.begin(), wanted.end(), *element) == wanted.end()) {
      dropped = true;
      continue;
    }
    if (!first) kept += separator;
    first = false;
    kept += *element;
  }
  return dropped ? kept : std::string(value);
}

// The separator between elements: the other one where it is the only one in use.
char separatorOf(std::string_view value, const MergeVariable& variable) {
  const bool other = variable.other_separator != '\0' &&
                     value.find(variable.separator) == std::string_view::npos &&
                     value.find(variable.other_separator) != std::string_view::npos;
  return other ? variable.other_separator : variable.separator;
}

}  // namespace

bool listContains(std::string_view value, std::string_view element, const MergeVariable& variable) {
  std::optional<std::string_view> rest = value;
  while (const auto next = nextElement(rest, variable)) {
    if (*next == element) return true;
  }
  return false;
}

bool holdsOurs(std::string_view value, const MergeVariable& variable) {
  std::optional<std::string_view> rest = value;
  while (const auto next = nextElement(rest, variable)) {
    if (isOurs(*next, variable)) return true;
  }
  return false;
}

Merge mergeVariable(const ContainerEnv& env, const MergeVariable& variable,
                    const std::vector<std::string_view>& additions,
                    api::SecretEnvFrom secret_env_from, std::string_view image) {
  const api::EnvVarView* existing = env.find(variable.name);
  if (existing != nullptr && existing->has_value_from) return {Reason::kEnvValueFrom, std::nullopt};

  // A source of envFrom replaces the image's value as well.
  const bool of_image = existing == nullptr && env.supplies(variable.name) == Supply::kNo;
  const std::string stated = of_image ? literal(image) : std::string();
  const std::string_view before = existing == nullptr ? std::string_view(stated) : existing->value;
  const char separator = separatorOf(before, variable);
  std::string after = withoutStale(before, variable, additions, separator), alone;
  const auto add = [&](std::string& list, std::string_view addition) {
    const bool ended = variable.terminated && list.ends_with(separator);
    if (list.empty()) {
      list = addition;
    } else if (variable.prepend) {
      list.insert(0, std::string(addition) + separator);
    } else {
      if (!ended) list += separator;
      list += addition;
    }
    if (variable.terminated) list += separator;
  };
  for (const std::string_view addition : additions) {
    add(alone, addition);
    if (!listContains(after, addition, variable)) add(after, addition);
  }

  Merge merge;
  // An entry that holds exactly our text is ours: what envFrom holds was decided then, and the answer
  // is the same now.
  const Supply supply =
      existing == nullptr || before == alone ? env.supplies(variable.name) : Supply::kNo;
  if (supply != Supply::kNo) {
    if (variable.self_reference) {
      const std::string reference = "$(" + std::string(variable.name) + ")";
      if (existing == nullptr) after = alone + separator + reference;
    } else if (supply == Supply::kYes && existing == nullptr) {
      // "$(NAME)" would extend it, and stop the runtime on the day that the key is gone.
      return {Reason::kEnvFromConfigMap, std::nullopt};
    } else if (secret_env_from == api::SecretEnvFrom::kSkip) {
      return {Reason::kEnvFromSecret, std::nullopt};
    } else {
      merge.reason = Reason::kEnvFromSecretAssumed;
    }
  }
  // The answer must not depend on what an earlier pass added.
  merge.replaces_image = image.empty() && (before.empty() || before == alone) &&
                         env.supplies(variable.name) == Supply::kNo;
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
