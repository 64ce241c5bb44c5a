// The objects of a watch as records of our own type: one writer (the watch's thread), many readers.
//
// Readers take a snapshot: an immutable, shared map; taking it is one atomic load, so the admission
// path never waits for a writer. The writer batches changes and publishes a new map: for kinds with
// few objects (policies, namespaces, servers), copying a map of pointers is cheaper than any
// locking scheme. Kinds with many objects (pods, records) have sinks of their own.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace profiling::kube {

// "namespace/name", or "name" for cluster-scoped objects.
std::string objectKey(std::string_view namespace_, std::string_view name);

template <class T>
class Store {
 public:
  using Map = std::map<std::string, std::shared_ptr<const T>, std::less<>>;
  using Snapshot = std::shared_ptr<const Map>;

  // Thread-safe.
  Snapshot snapshot() const {
    return std::atomic_load_explicit(&current_, std::memory_order_acquire);
  }
  std::shared_ptr<const T> find(std::string_view key) const {
    const Snapshot s = snapshot();
    const auto it = s->find(key);
    return it == s->end() ? nullptr : it->second;
  }
  // True once a complete list has been stored.
  bool synced() const { return synced_.load(std::memory_order_acquire); }

  // Called by the writer's thread only.
  void publish(Map map) {
    std::atomic_store_explicit(&current_, Snapshot(std::make_shared<const Map>(std::move(map))),
                               std::memory_order_release);
    synced_.store(true, std::memory_order_release);
  }

 private:
  Snapshot current_ = std::make_shared<const Map>();
  std::atomic<bool> synced_{false};
};

}  // namespace profiling::kube
