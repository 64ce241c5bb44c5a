// Every pod of the cluster, as little of it as decides about profiling, grouped by workload.
//
// A few hundred bytes a pod: what the pods of a template have in common (labels, owner,
// annotations) is text in a symbol table, and a row holds numbers. 150 000 pods must fit beside
// everything else in 110 MiB, so no JSON and no map of strings is ever kept for a pod.
//
// A relist writes into the table at once instead of into a second one, which would double its
// memory; what the list did not name is removed only when it is complete, so a list that breaks off
// removes nothing. Readers may meanwhile see pods of the old list beside pods of the new one: they
// are level-triggered, and every touched group is told again at the end.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
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

namespace profiling::controllers {

struct PodTableStats {
  std::size_t pods = 0, groups = 0, symbols = 0;
};

// Writers: one thread. Readers: any thread; they wait for a writer at most as long as one pod
// takes.
class PodTable {
 public:
  PodTable();
  ~PodTable();
  PodTable(const PodTable&) = delete;
  PodTable& operator=(const PodTable&) = delete;

  void upsert(const PodFacts& pod);
  void erase(const std::string& key);  // "namespace/name"
  void beginList();
  void keep(const std::string& key);  // the list named it, but its record cannot be made
  void endList();                     // removes what the list did not name
  // Groups that have changed since the last call.
  std::vector<std::string> takeTouched();

  bool synced() const { return synced_.load(std::memory_order_acquire); }
  std::optional<PodGroup> group(std::string_view key) const;
  // The group and each of its pods that has not ended, of one moment. What other sources measure of
  // a pod, and whether it is eligible, is left as it is by default.
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
  // Of each key in turn, at one moment; 0: there is no such group.
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

  // All under mutex_.
  Row rowOf(const PodFacts& pod);
  void release(const Row& row);
  void join(Row& row, std::string key);
  void leave(Row& row);
  void touch(Group& group);
  void removeRow(std::unordered_map<std::string, Row>::iterator it);
  PodClass classOf(const Row& row) const;
  // Calls see(row, classes so far) for each pod, those of a class behind each other.
  template <class See>
  std::optional<PodGroup> classify(std::string_view key, See&& see) const;
  Symbol uidSymbol(const Row& row) const;
  engine::Pod podOf(const Row& row, const engine::Pod& common, bool has_ordinal) const;

  mutable std::mutex mutex_;
  SymbolTable symbols_;
  std::unordered_map<std::string, Row> rows_;
  std::unordered_map<std::string, std::unique_ptr<Group>> groups_;
  std::unordered_set<std::string> touched_;
  std::uint64_t generation_ = 0;
  std::uint32_t list_ = 0;
  std::atomic<bool> synced_{false};
};

}  // namespace profiling::controllers
