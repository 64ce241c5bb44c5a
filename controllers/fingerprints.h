// Recognizes events that change nothing but a status. Statuses are written all the time, by this
// process too, and must not set everything in motion again.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <utility>

#include "operator/api/v1alpha1/policy.h"
#include "operator/api/v1alpha1/server.h"
#include "operator/kube/store.h"

namespace profiling::controllers {

// The parts of an object that other decisions depend on.
std::string fingerprint(const api::ProfilingPolicy& policy);
std::string fingerprint(const api::ClusterProfilingPolicy& policy);
std::string fingerprint(const api::ProfilingServer& server);

// Remembers the fingerprints of one store's objects. Used by the thread of that store's reflector.
class Fingerprints {
 public:
  // Whether an event changed more than a status; an empty key is a relist, which always counts.
  template <class T>
  bool changed(const kube::Store<T>& store, std::string_view key) {
    if (!key.empty()) {
      const auto object = store.find(key);
      return changed(key, object ? fingerprint(*object) : "");
    }
    prints_.clear();
    const auto snapshot = store.snapshot();
    for (const auto& [each, object] : *snapshot) prints_.emplace(each, fingerprint(*object));
    return true;
  }

 private:
  bool changed(std::string_view key, std::string print);  // an empty print: the object is gone

  std::map<std::string, std::string, std::less<>> prints_;
};

}  // namespace profiling::controllers
