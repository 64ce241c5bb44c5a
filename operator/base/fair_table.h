// A bounded table whose entries belong to namespaces, for what users of the cluster can make in any
// number: whoever fills it displaces only their own entries.
//
// Each entry has a rank. A namespace that exceeds its share loses its entry of the lowest rank; a table
// that exceeds its own bound loses that of the namespace with the most entries. All operations are
// logarithmic. Not thread-safe.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace profiling {

template <class T>
class FairTable {
 public:
  FairTable(std::size_t of_namespace, std::size_t total)
      : of_namespace_(of_namespace), total_(total) {}
  // Its indexes are views into its own nodes.
  FairTable(const FairTable&) = delete;
  FairTable& operator=(const FairTable&) = delete;

  std::size_t size() const { return size_; }

  const T* find(std::string_view namespace_, std::string_view key) const {
    const auto of = namespaces_.find(namespace_);
    if (of == namespaces_.end()) return nullptr;
    const auto entry = of->second.entries.find(key);
    return entry == of->second.entries.end() ? nullptr : &entry->second.value;
  }
  T* find(std::string_view namespace_, std::string_view key) {
    const auto of = namespaces_.find(namespace_);
    if (of == namespaces_.end()) return nullptr;
    const auto entry = of->second.entries.find(key);
    return entry == of->second.entries.end() ? nullptr : &entry->second.value;
  }

  // Adds or replaces. The new entry itself may be the one that has to go.
  void put(std::string_view namespace_, std::string_view key, std::int64_t rank, T value) {
    auto of = namespaces_.find(namespace_);
    if (of == namespaces_.end()) of = namespaces_.try_emplace(std::string(namespace_)).first;
    auto& [entries, ranks] = of->second;
    auto entry = entries.find(key);
    if (entry != entries.end()) {
      ranks.erase({entry->second.rank, entry->first});
      entry->second = {rank, std::move(value)};
      ranks.emplace(rank, entry->first);
      return;
    }
    entry = entries.try_emplace(std::string(key), Entry{rank, std::move(value)}).first;
    ranks.emplace(rank, entry->first);
    resized(of, entries.size() - 1);
    if (entries.size() > of_namespace_) dropLowest(of);
    if (size_ > total_) dropLowest(namespaces_.find(sizes_.rbegin()->second));
  }

  void erase(std::string_view namespace_, std::string_view key) {
    const auto of = namespaces_.find(namespace_);
    if (of == namespaces_.end()) return;
    const auto entry = of->second.entries.find(key);
    if (entry != of->second.entries.end()) drop(of, entry);
  }

  // Calls `visit(namespace, key, value)` for each entry, or for those of a namespace.
  template <class Visit>
  void forEach(const Visit& visit) const {
    for (const auto& [namespace_, of] : namespaces_) {
      for (const auto& [key, entry] : of.entries) visit(namespace_, key, entry.value);
    }
  }
  template <class Visit>
  void forEachOf(std::string_view namespace_, const Visit& visit) const {
    const auto of = namespaces_.find(namespace_);
    if (of == namespaces_.end()) return;
    for (const auto& [key, entry] : of->second.entries) visit(key, entry.value);
  }

 private:
  struct Entry {
    std::int64_t rank = 0;
    T value;
  };
  using Entries = std::map<std::string, Entry, std::less<>>;
  struct Of {
    Entries entries;
    std::set<std::pair<std::int64_t, std::string_view>> ranks;
  };
  using Namespaces = std::map<std::string, Of, std::less<>>;

  void dropLowest(typename Namespaces::iterator of) {
    drop(of, of->second.entries.find(of->second.ranks.begin()->second));
  }
  void drop(typename Namespaces::iterator of, typename Entries::iterator entry) {
    auto& [entries, ranks] = of->second;
    ranks.erase({entry->second.rank, entry->first});
    entries.erase(entry);
    resized(of, entries.size() + 1);
    if (entries.empty()) namespaces_.erase(of);
  }
  void resized(typename Namespaces::iterator of, std::size_t before) {
    const std::size_t now = of->second.entries.size();
    size_ += now - before;
    sizes_.erase({before, of->first});
    if (now > 0) sizes_.emplace(now, of->first);
  }

  const std::size_t of_namespace_, total_;
  std::size_t size_ = 0;
  Namespaces namespaces_;
  std::set<std::pair<std::size_t, std::string_view>> sizes_;
};

}  // namespace profiling
