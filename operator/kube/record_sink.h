// Where a reflector puts what it has read. A Store<T> has one (reflector_impl.h); a kind that needs
// another shape in memory brings its own.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "operator/base/status.h"

namespace profiling::kube {

// All calls come from the reflector's thread. Object texts have kObjectPadding (decode.h) readable
// bytes behind them. A Status other than OK costs that one object: it is counted and logged.
class RecordSink {
 public:
  virtual ~RecordSink() = default;
  virtual std::size_t stored() const = 0;  // records that readers see

  virtual void beginList() = 0;                             // an empty side map
  virtual Status listed(std::string_view object_json) = 0;  // into the side map
  virtual void unlisted(const std::string& key) = 0;        // out of the side map again
  virtual void keepListed(const std::string& key) = 0;      // the reader's record, if any, into it
  virtual void commitList() = 0;                            // readers see the side map; notifies
  virtual void dropList() = 0;                              // give the side map's memory back

  virtual Status upsert(std::string_view object_json) = 0;  // pending until flush()
  virtual void erase(const std::string& key) = 0;           // pending until flush()
  virtual void flush() = 0;  // readers see what was pending; notifies
};

}  // namespace profiling::kube
