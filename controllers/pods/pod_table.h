// Every pod of the cluster, reduced to what decides about profiling, grouped by workload.
//
// A few hundred bytes a pod: labels, owner and annotations, which the pods of a template share, are
// text in a symbol table, and a row holds numbers. 150 000 pods must fit beside everything else in
// 110 MiB, so no JSON and no map of strings is kept for a pod.
//
// A relist writes into the table at once instead of into a second one, which would double its
// memory; pods that the list did not name are removed only when it is complete, so a list that
// breaks off removes nothing. Meanwhile readers may see pods of the old list beside pods of the new
// one; they are level-triggered, and every touched group is reported again at the end.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "controllers/engine/world.h"
#include "controllers/pods/pod_group.h"
#include "controllers/pods/pod_row.h"
#include "controllers/pods/symbols.h"
#include "operator/base/mutex.h"

namespace profiling::controllers {

struct PodTableStats {
  std::size_t pods = 0, groups = 0, symbols = 0;
};

// Writers: one thread. Readers: any thread; they wait for a writer at most for one pod.
class PodTable {
 public:
  PodTable();
  ~PodTable();
  PodTable(const PodTable&) = delete;
  PodTable& operator=(const PodTable&) = delete;

  void upsert(const inject::PodFacts& facts);
  void erase(const std::string& key);  // "namespace/name"
  void beginList();
  void keep(const std::string& key);  // the list named it, but it cannot be decoded
  void endList();                     // removes what the list did not name
  // Groups that have changed since the last call.
  std::vector<std::string> takeTouched();

  bool synced() const { return synced_.load(std::memory_order_acquire); }
  std::optional<PodGroup> group(std::string_view key) const;
  // The group and each of its pods that has not ended, at one moment. Fields that other sources
  // measure, and whether a pod is eligible, keep their defaults.
  struct Members {
    PodGroup group;
    engine::Pods pods;
    std::vector<std::size_t> class_of;  // of pods[i]: index into group.classes
  };
  std::optional<Members> members(std::string_view key) const;
  engine::Pods pods(std::string_view key) const;  // empty when there is no such group
  // Digests of the images of the group's pods, sorted.
  std::vector<std::string> images(std::string_view key) const;
  struct Listed {
    std::string key;
    std::uint64_t generation;
  };
  std::vector<Listed> groups(std::string_view namespace_) const;  // empty: of all namespaces
  // The generation of each key in turn, at one moment; 0: there is no such group.
  std::vector<std::uint64_t> generations(const std::vector<std::string>& keys) const;
  PodTableStats stats() const;

 private:
  struct Group;
  struct Row {
    Symbol labels = 0, owner = 0, inject = 0, policy = 0, decision = 0;
    std::uint32_t list = 0;  // the list that named it last
    std::uint32_t slot = 0;  // in group->rows
    Symbol failure = 0;      // failureText()
    Symbol images = 0;       // digests, one a line
    std::uint32_t created = 0;
    std::uint16_t restarts = 0;  // or more
    std::uint8_t flags = 0;
    bool uid_is_symbol = false;  // a text that is no UUID: uid's first bytes hold its symbol
    Uid uid{};
    Group* group = nullptr;
    const std::string* key = nullptr;  // in rows_

    bool sameAs(const Row& other) const;
    std::string_view name() const;
    auto classKey() const { return std::tie(labels, owner, inject, policy, decision, flags); }
  };
  struct Group {
    const std::string* key = nullptr;
    std::uint64_t generation = 0;
    std::vector<Row*> rows;
  };

  Row rowOf(const inject::PodFacts& pod) PROFILING_REQUIRES(mutex_);
  void release(const Row& row) PROFILING_REQUIRES(mutex_);
  void join(Row& row, std::string key) PROFILING_REQUIRES(mutex_);
  void leave(Row& row) PROFILING_REQUIRES(mutex_);
  void touch(Group& group) PROFILING_REQUIRES(mutex_);
  void removeRow(std::unordered_map<std::string, Row>::iterator it) PROFILING_REQUIRES(mutex_);
  PodClass classOf(const Row& row) const PROFILING_REQUIRES(mutex_);
  // Calls see(row, classes so far) for each pod, those of a class one after the other.
  template <class See>
  std::optional<PodGroup> classify(std::string_view key, See&& see) const
      PROFILING_REQUIRES(mutex_);
  Symbol uidSymbol(const Row& row) const;
  engine::Pod podOf(const Row& row, const engine::Pod& common, bool has_ordinal) const
      PROFILING_REQUIRES(mutex_);

  mutable Mutex mutex_;
  SymbolTable symbols_ PROFILING_GUARDED_BY(mutex_);
  std::unordered_map<std::string, Row> rows_ PROFILING_GUARDED_BY(mutex_);
  std::unordered_map<std::string, std::unique_ptr<Group>> groups_ PROFILING_GUARDED_BY(mutex_);
  std::unordered_set<std::string> touched_ PROFILING_GUARDED_BY(mutex_);
  std::uint64_t generation_ PROFILING_GUARDED_BY(mutex_) = 0;
  std::uint32_t list_ PROFILING_GUARDED_BY(mutex_) = 0;
  std::atomic<bool> synced_{false};
};

}  // namespace profiling::controllers
