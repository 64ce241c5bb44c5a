// Reads the answers of list and watch requests without building a DOM: passes on the raw JSON text
// of each object as a slice, and reads only a few fields of its metadata (simdjson).
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "operator/base/status.h"

namespace profiling::kube {

enum class EventType { kAdded, kModified, kDeleted, kBookmark, kError, kUnknown };
EventType eventType(std::string_view name);

struct WatchEvent {
  EventType type = EventType::kUnknown;
  std::string_view object;     // raw JSON; valid until the next call
  std::string_view type_name;  // as sent; valid until the next call
  std::string key;  // objectKey(); empty for bookmarks, errors and objects without a name
  std::string resource_version;     // empty when the object has none
  bool initial_events_end = false;  // the bookmark that ends a streaming list
};

struct ListPage {
  std::string resource_version;  // never empty
  std::string continue_token;    // empty: the last page
  std::size_t items = 0;
};

// At least kObjectPadding readable bytes follow each object, so that a SIMD parser can read it in
// place.
inline constexpr std::size_t kObjectPadding = 64;

// Keeps buffers between calls. Not thread-safe.
class EventDecoder {
 public:
  EventDecoder();
  ~EventDecoder();
  EventDecoder(const EventDecoder&) = delete;
  EventDecoder& operator=(const EventDecoder&) = delete;

  // kInternal when the line is not an event. An unknown type or an object without metadata is not
  // an error here.
  Result<WatchEvent> decode(std::string_view line);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Calls `item` with each element of "items" in order. kInternal when `body` is not a complete list
// with a resourceVersion (an HTML page, another kind, a truncated answer): the caller then discards
// the items it has received.
Result<ListPage> decodeList(std::string body, const std::function<void(std::string_view)>& item);

// "namespace/name" of an object; empty if it has no name.
std::string keyOf(std::string_view object_json);

// The Status inside an ERROR event, mapped as statusOf() maps an answer.
Status statusOfObject(std::string_view status_json);

}  // namespace profiling::kube
