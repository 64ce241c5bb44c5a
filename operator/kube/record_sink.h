// The receiver of what a reflector reads. Store<T> has one (reflector_impl.h); a kind that needs
// another shape in memory has its own.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "operator/base/status.h"

namespace profiling::kube {

// All calls come from the reflector's thread. kObjectPadding (decode.h) readable bytes follow each
// object's text. After a Status other than OK that object is skipped, counted and logged.
class RecordSink {
 public:
  virtual ~RecordSink() = default;
  virtual std::size_t stored() const = 0;  // records visible to readers

  virtual void beginList() = 0;                             // an empty side map
  virtual Status listed(std::string_view object_json) = 0;  // into the side map
  virtual void unlisted(const std::string& key) = 0;        // out of the side map again
  virtual void keepListed(const std::string& key) = 0;      // the visible record, if any, into it
  virtual void commitList() = 0;                            // readers see the side map; notifies
  virtual void dropList() = 0;                              // frees the side map

  virtual Status upsert(std::string_view object_json) = 0;  // pending until flush()
  virtual void erase(const std::string& key) = 0;           // pending until flush()
  virtual void flush() = 0;  // readers see what was pending; notifies
};

}  // namespace profiling::kube
