// The API server's refusals of pods, as events report them, and the sink that fills the table. Anyone
// who may write events can write these, so the table is bounded, and nothing waits for their list.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "operator/base/fair_table.h"
#include "operator/base/mutex.h"
#include "operator/inject/pods/refusal_event.h"
#include "operator/kube/record_sink.h"

namespace profiling::controllers {

inline constexpr std::size_t kMaxRefusalsOfNamespace = 200;  // the oldest goes first
inline constexpr std::size_t kMaxRefusals = 5'000;

// Thread-safe.
class RefusalTable {
 public:
  void put(inject::RefusalEvent refusal);
  void erase(std::string_view namespace_, std::string_view event);

  // A list sweeps: endList() forgets the events that were neither put nor kept since beginList().
  void beginList();
  void keep(std::string_view namespace_, std::string_view event);
  void endList();

  // The last one of a namespace that `concerns` holds for.
  std::optional<inject::RefusalEvent> last(
      std::string_view namespace_,
      const std::function<bool(const inject::RefusalEvent&)>& concerns) const;
  std::size_t size() const;

 private:
  struct Entry {
    inject::RefusalEvent refusal;
    std::uint64_t list = 0;  // the last one that named it
  };
  mutable Mutex mutex_;
  std::uint64_t list_ PROFILING_GUARDED_BY(mutex_) = 0;
  FairTable<Entry> refusals_ PROFILING_GUARDED_BY(mutex_){kMaxRefusalsOfNamespace, kMaxRefusals};
};

// Called on the reflector's thread, once for each namespace of a batch; empty: all of them.
using RefusalsChanged = std::function<void(std::string_view namespace_)>;

// `table` must outlive the sink and have no other writer.
std::unique_ptr<kube::RecordSink> makeRefusalSink(RefusalTable& table, RefusalsChanged changed);

}  // namespace profiling::controllers
