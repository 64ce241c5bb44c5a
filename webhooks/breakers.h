// The webhook's memory of what went wrong with pods that carried an agent.
//
// An owner whose pods the API server refused gets pods without an agent for five minutes, after a
// further refusal for four times as long each, at most for a day; a pod that comes with an agent ends
// that. Where the API server refuses even those pods, they are not changed at all. An image that two pods of a namespace fail to pull is left out there, and everywhere once
// that has happened in two namespaces, until a pod has pulled it. Nothing is stored: after a restart
// the watches show the events and pods again.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "operator/base/clock.h"
#include "operator/base/fair_table.h"
#include "operator/base/mutex.h"
#include "operator/inject/breakers.h"
#include "operator/inject/pods/pod_facts.h"
#include "operator/inject/pods/refusal_event.h"

namespace profiling::webhooks {

inline constexpr Millis kFirstHold{5 * 60'000};
inline constexpr Millis kLongestHold{24 * 3'600'000};
inline constexpr std::size_t kMaxRefusedOfNamespace = 1'000;
inline constexpr std::size_t kMaxRefusedOwners = 10'000;  // of all namespaces
inline constexpr std::size_t kFailedPulls = 2;            // pods of a namespace, or namespaces

// Thread-safe: one short lock for each admission that would inject an agent.
class Breakers final : public inject::Breakers {
 public:
  explicit Breakers(const Clock& clock = Clock::real(), Millis first_hold = kFirstHold)
      : clock_(clock), first_hold_(first_hold) {}

  // From the watch of events. `listed`: it may have happened long ago.
  void refusal(const inject::RefusalEvent& event, bool listed);
  // From the watch of pods with an agent; `pod` is "namespace/name".
  void podSeen(const std::string& pod, const inject::PodFacts& facts);
  void podGone(const std::string& pod);
  void keepPods(const std::function<bool(const std::string& pod)>& named);

  inject::Refused refused(std::string_view namespace_, std::string_view owner_uid,
                          std::string_view template_hash) override;
  bool unpullable(std::string_view namespace_, std::string_view image) const override;

  struct Stats {
    std::size_t refused_owners = 0, unpullable_images = 0;
  };
  Stats stats() const;

 private:
  struct Refused {
    // When its writer dated the event: pods are dated by the same control plane, and the clock of this
    // process may be away from both.
    WallTime dated{};
    WallTime until{};
    std::int64_t times = 0;
    std::string template_hash;   // of the first pod that was left alone; empty: none was
    bool left_alone = false;     // a pod came without an agent
    bool without_agent = false;  // and one was refused since
  };
  // One agent image. Counted as pods come and go, so that an admission only looks.
  struct Pulls {
    std::map<std::string, std::set<std::string>, std::less<>> failing;  // pods, by namespace
    std::set<std::string> discounted;  // pods that failed before another one succeeded
    std::size_t out_namespaces = 0;    // with kFailedPulls failing pods or more
    void fail(const std::string& pod);
    void remove(const std::string& pod);
    bool out(std::string_view namespace_) const;
  };
  void pulled(const std::string& image) PROFILING_REQUIRES(mutex_);
  void forget(const std::string& pod) PROFILING_REQUIRES(mutex_);

  const Clock& clock_;
  const Millis first_hold_;
  mutable Mutex mutex_;
  // By uid; the one whose hold ends first goes first.
  FairTable<Refused> refused_ PROFILING_GUARDED_BY(mutex_){kMaxRefusedOfNamespace,
                                                           kMaxRefusedOwners};
  std::map<std::string, Pulls, std::less<>> pulls_ PROFILING_GUARDED_BY(mutex_);  // by image
  // Pods that wait for an agent's image, by image.
  std::unordered_map<std::string, std::set<std::string>> waiting_ PROFILING_GUARDED_BY(mutex_);
};

}  // namespace profiling::webhooks
