#include "controllers/workload/evaluate.h"

#include <algorithm>
#include <limits>
#include <set>

#include <nlohmann/json.hpp>

#include "operator/api/json_access.h"

namespace profiling::controllers {
namespace {

using api::member;
using api::text;

using inject::Reason;
using Policy = std::shared_ptr<const api::EffectivePolicy>;

// The pod as the decision function wants it. Views into `pods`, which must outlive it.
api::PodView viewOf(const PodGroup& group, const PodClass& pods) {
  api::PodView view;
  view.namespace_ = group.namespace_;
  if (group.kind == "Pod") view.name = group.name;
  view.labels = labelsOf(pods);
  if (pods.inject) view.annotations.push_back({api::kInjectKey, *pods.inject});
  if (pods.policy) view.annotations.push_back({api::kPolicyKey, *pods.policy});
  if ((pods.flags & inject::kPodMirror) != 0)
    view.annotations.push_back({"kubernetes.io/config.mirror", ""});
  if ((pods.flags & inject::kPodCritical) != 0) view.priority_class = "system-node-critical";
  if (!pods.owner_kind.empty()) {
    view.owners.push_back(
        {pods.api_version, pods.owner_kind, pods.owner_name, pods.owner_uid, true});
  }
  return view;
}

// Reads a decision annotation that reports injected agents; anybody may have edited it. Returns
// whether the contents of an envFrom source were assumed.
bool addLanguages(const std::string& decision, std::set<api::Language>& out,
                  std::set<inject::Guess>& guesses) {
  const auto json = nlohmann::json::parse(decision, nullptr, false);
  for (inject::Guess& guess : inject::guessesIn(json)) guesses.insert(std::move(guess));
  const auto& containers = member(json, "containers");
  const bool assumed =
      text(member(json, "reason")) == inject::reasonName(Reason::kEnvFromSecretAssumed);
  if (!containers.is_array()) return assumed;
  for (const auto& container : containers) {
    const auto& languages = member(container, "languages");
    if (!languages.is_array()) continue;
    for (const auto& item : languages) {
      if (const auto language = api::languageFromToken(text(member(item, "language")))) {
        out.insert(*language);
      }
    }
  }
  return assumed;
}

class Evaluator {
 public:
  Evaluator(const PodGroup& group, const inject::NamespaceState& namespace_,
            const std::optional<api::Preflight>& preflight, const inject::Settings& settings,
            const inject::Assignment* assignment)
      : group_(group),
        namespace_(namespace_),
        preflight_(preflight),
        settings_(settings),
        assignment_(assignment) {}

  WorkloadEvaluation run() {
    for (const PodClass& pods : group_.classes) {
      if ((pods.flags & (inject::kPodDeleting | inject::kPodFinished)) == 0) add(pods);
    }
    resolveUndecided();
    std::stable_sort(
        out_.shares.begin(), out_.shares.end(),
        [](const PolicyShare& a, const PolicyShare& b) { return a.pods.total > b.pods.total; });
    out_.languages.assign(languages_.begin(), languages_.end());
    return std::move(out_);
  }

 private:
  void add(const PodClass& pods) {
    const api::PodView view = viewOf(group_, pods);
    const inject::Workload workload = inject::workloadOf(view);
    const inject::Decision decision = inject::decide(
        view, workload, namespace_.view(group_.namespace_), namespace_.policies, settings_);
    addShadows(view, workload, decision);
    out_.pods.total += pods.count;

    const auto revision = view.label(api::kProfiledKey);
    const bool matched = decision.chosen && decision.reason != Reason::kNotOptedIn;
    const std::size_t share = decision.chosen ? shareOf(decision.chosen) : 0;
    if (matched) out_.shares[share].pods.total += pods.count;
    if (revision) {
      addProfiled(pods, matched ? &out_.shares[share] : nullptr, *revision, workload);
    } else if (matched) {
      addUnprofiled(pods, share, decision, workload);
    } else if (decision.chosen) {
      out_.shares[share].not_opted_in += pods.count;
    }
  }

  void addProfiled(const PodClass& pods, PolicyShare* share, std::string_view revision,
                   const inject::Workload& workload) {
    if (addLanguages(pods.decision, languages_, out_.guesses) && share != nullptr) {
      assumed_.push_back({&pods, static_cast<std::size_t>(share - out_.shares.data()),
                          std::string(workload.template_hash)});
    }
    on_[std::string(revision)] += pods.count;
    for (api::WorkloadPods* counts : {&out_.pods, share == nullptr ? nullptr : &share->pods}) {
      if (counts == nullptr) continue;
      counts->profiled += pods.count;
      if ((pods.flags & inject::kPodReady) != 0) counts->ready += pods.count;
      if (share != nullptr && revision != share->policy->revision) counts->outdated += pods.count;
    }
  }

  // Pods that the decision lets through; a preflight of a whole pod decides in the end.
  struct Undecided {
    const PodClass* pods;
    std::size_t share;  // of out_.shares
    std::string template_hash;
  };

  void addUnprofiled(const PodClass& pods, std::size_t share, const inject::Decision& decision,
                     const inject::Workload& workload) {
    const auto answer = inject::reasonOf(inject::answerIn(pods.decision));
    if (decision.reason == Reason::kInjected && answer && inject::isBreaker(*answer)) {
      count(pods.count, out_.shares[share], *answer);
    } else if (decision.reason == Reason::kInjected) {
      undecided_.push_back({&pods, share, std::string(workload.template_hash)});
    } else {
      count(pods.count, out_.shares[share], decision.reason);
    }
  }

  void count(std::int64_t pods, PolicyShare& share, Reason reason) {
    if (reason == Reason::kAwaitingLanguage && !finding_ && pods > 0) {
      // One of them finds out what the image runs if it starts now; the others wait for that.
      finding_ = true;
      count(1, share, Reason::kInjected);
      if (--pods == 0) return;
    }
    if (injects(reason)) {
      const std::int64_t missed = std::min(pods, placesLeft(share.policy));
      taken_ += missed;
      for (api::WorkloadPods* counts : {&out_.pods, &share.pods}) {
        counts->missed += missed;
        counts->waiting += pods - missed;
      }
      return;
    }
    share.pods.skipped += pods;
    share.skipped[reason] += pods;
    out_.pods.skipped += pods;
    out_.skipped[reason] += pods;
  }

  // How many more pods would get an agent if they started now.
  std::int64_t placesLeft(const Policy& policy) const {
    constexpr std::int64_t kAll = std::numeric_limits<std::int64_t>::max();
    if (policy->policy.spec.mode == api::PolicyMode::kObserve) return kAll;
    // Without an ordinal, a StatefulSet's share is assigned by number: the count is the same.
    if (!inject::chooseRevision(policy, assignment_, -1, {}).policy) return 0;
    if (assignment_ == nullptr || !assignment_->target_pods || !assignment_->stable.empty()) {
      return kAll;
    }
    const auto on = on_.find(assignment_->assigned);
    const std::int64_t there = (on == on_.end() ? 0 : on->second) + taken_;
    return std::max<std::int64_t>(*assignment_->target_pods - there, 0);
  }

  // One preflight per workload, of the template with the most pods: with one per template, those of
  // a rolling update would alternate.
  void resolveUndecided() {
    if (undecided_.empty()) return checkAssumed();
    finding_ = !out_.guesses.empty();
    std::map<std::pair<std::size_t, std::string>, std::int64_t> counts;
    for (const Undecided& u : undecided_) counts[{u.share, u.template_hash}] += u.pods->count;
    const auto most =
        std::max_element(counts.begin(), counts.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    for (const Undecided& u : undecided_) {
      PolicyShare& share = out_.shares[u.share];
      const bool known = preflight_ && preflight_->revision == share.policy->revision;
      count(u.pods->count, share,
            known ? inject::reasonOf(preflight_->reason).value_or(Reason::kInjected)
                  : Reason::kInjected);
      if (most->first != std::make_pair(u.share, u.template_hash)) continue;
      PreflightWanted wanted{share.policy, u.template_hash, u.pods->example};
      if (!known || preflight_->template_hash != u.template_hash) {
        out_.preflight_wanted = std::move(wanted);
      } else if (inject::reasonOf(preflight_->reason) == Reason::kNoRoom) {
        out_.preflight_again = std::move(wanted);
      }
    }
  }

  // What was assumed of a ConfigMap when these pods started can be looked up for the next ones.
  void checkAssumed() {
    const auto most = std::max_element(
        assumed_.begin(), assumed_.end(),
        [](const Undecided& a, const Undecided& b) { return a.pods->count < b.pods->count; });
    if (most == assumed_.end()) return;
    const Policy& policy = out_.shares[most->share].policy;
    const bool known = preflight_ && preflight_->revision == policy->revision &&
                       preflight_->template_hash == most->template_hash;
    if (!known) out_.preflight_wanted = {policy, most->template_hash, most->pods->example};
  }

  void addShadows(const api::PodView& view, const inject::Workload& workload,
                  const inject::Decision& decision) {
    if (!decision.chosen || view.annotation(api::kPolicyKey)) return;
    for (const Policy& policy : namespace_.policies) {
      if (policy == decision.chosen || !inject::selects(*policy, view, workload)) continue;
      const bool known = std::any_of(
          out_.shadows.begin(), out_.shadows.end(),
          [&](const Shadow& s) { return s.loser == policy && s.winner == decision.chosen; });
      if (!known) out_.shadows.push_back({policy, decision.chosen});
    }
  }

  std::size_t shareOf(const Policy& policy) {
    for (std::size_t i = 0; i < out_.shares.size(); ++i) {
      if (out_.shares[i].policy == policy) return i;
    }
    out_.shares.push_back({policy, {}, {}, 0});
    return out_.shares.size() - 1;
  }

  const PodGroup& group_;
  const inject::NamespaceState& namespace_;
  const std::optional<api::Preflight>& preflight_;
  const inject::Settings& settings_;
  const inject::Assignment* const assignment_;
  WorkloadEvaluation out_;
  std::map<std::string, std::int64_t> on_;  // profiled pods by revision
  bool finding_ = false;                    // a pod finds out what the image runs
  std::int64_t taken_ = 0;                  // places that missed pods would take
  std::set<api::Language> languages_;
  std::vector<Undecided> undecided_;
  std::vector<Undecided> assumed_;  // profiled ones
};

}  // namespace

bool injects(Reason reason) {
  return reason == Reason::kInjected || reason == Reason::kAlreadyInjected ||
         reason == Reason::kEnvFromSecretAssumed;
}

MayCarry mayCarry(const PodGroup& group, const inject::NamespaceState& namespace_,
                  const std::optional<api::Preflight>& preflight,
                  const inject::Settings& settings) {
  MayCarry out;
  out.classes.reserve(group.classes.size());
  const Reason reason = preflight ? inject::reasonOf(preflight->reason).value_or(Reason::kInjected)
                                  : Reason::kInjected;
  out.one_pod = reason == Reason::kAwaitingLanguage;
  const bool found = out.one_pod && std::ranges::any_of(group.classes, [](const PodClass& pods) {
                       return (pods.flags & (inject::kPodDeleting | inject::kPodFinished)) == 0 &&
                              !inject::guessesInText(pods.decision).empty();
                     });
  const bool refused = found || (!out.one_pod && !injects(reason));
  for (const PodClass& pods : group.classes) {
    const api::PodView view = viewOf(group, pods);
    const inject::Decision decision =
        inject::decide(view, inject::workloadOf(view), namespace_.view(group.namespace_),
                       namespace_.policies, settings);
    out.classes.push_back(decision.reason == Reason::kInjected && !refused);
  }
  return out;
}

const PolicyShare* WorkloadEvaluation::main() const {
  return shares.empty() || shares.front().pods.total == 0 ? nullptr : &shares.front();
}

WorkloadEvaluation evaluate(const PodGroup& group, const inject::NamespaceState& namespace_,
                            const std::optional<api::Preflight>& preflight,
                            const inject::Settings& settings,
                            const inject::Assignment* assignment) {
  return Evaluator(group, namespace_, preflight, settings, assignment).run();
}

}  // namespace profiling::controllers
