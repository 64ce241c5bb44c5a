// Keeps a Store up to date with the API server: drives a WatchMachine (watch_machine.h) over a
// net::HttpClient in its own thread.
//
// The decoder turns one object's JSON text into a record, on the reflector's thread; the text is
// followed by kObjectPadding (decode.h) readable bytes. An object that cannot be decoded is
// counted, logged and skipped, as is one whose line is too long: it never stops the others, and
// readers keep its last good record, also across a relist. Removal uses the object's own namespace and name, so a decoder's key must
// be objectKey().
//
// A relist fills a side map, which replaces the old one only when complete; an empty list while the
// store has contents counts only if a second list confirms it. Events that arrive together are
// published together.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>

#include "operator/base/clock.h"
#include "operator/base/status.h"
#include "operator/kube/client.h"
#include "operator/kube/record_sink.h"
#include "operator/kube/store.h"
#include "operator/kube/watch_machine.h"

namespace profiling::kube {

struct ReflectorOptions {
  Resource resource;
  std::string namespace_;      // empty: all namespaces
  std::string label_selector;  // as in the query parameter, not yet percent-encoded
  std::string field_selector;
  bool metadata_only = false;  // the objects as PartialObjectMetadata: no spec and no status
  std::size_t max_object_bytes = 8u << 20;  // a longer line of a watch is skipped
  WatchTiming timing;
};

// Counters of one reflector, for metrics; read from any thread.
struct ReflectorStats {
  std::uint64_t lists = 0;           // complete ones; all but the first are relists
  std::uint64_t streamed_lists = 0;  // those of them that were streamed
  std::uint64_t events = 0;          // bookmarks included
  std::uint64_t decode_errors = 0;   // objects skipped, and events of an unknown type
  std::uint64_t watch_errors = 0;    // streams that did not end cleanly
  std::uint64_t list_errors = 0;
  SteadyTime last_contact;  // last byte from the server that confirmed the store
};

template <class T>
struct Decoded {
  std::string key;                  // objectKey()
  std::shared_ptr<const T> record;  // null: nothing is kept of the object, its changes are reported
};

template <class T>
using Decoder = std::function<Result<Decoded<T>>(std::string_view object_json)>;

// `changed` is called on the reflector's thread after the new snapshot is visible, once for
// each changed key of a batch; with an empty key after a relist (everything may have changed).
using ChangeHandler = std::function<void(std::string_view key)>;

// Not copyable; start() once, from one thread; stop by stop() or destruction. stop() may be called
// again, but not from a decoder or a ChangeHandler.
class Reflector {
 public:
  virtual ~Reflector() = default;
  virtual void start() = 0;
  virtual void stop() = 0;  // returns when the thread has ended
  virtual ReflectorStats stats() const = 0;
  virtual const ReflectorOptions& options() const = 0;
};

// `http` (a client of its own for watches), `store` and `clock` must outlive the reflector.
template <class T>
std::unique_ptr<Reflector> makeReflector(net::HttpClient& http, ReflectorOptions options,
                                         Store<T>& store, Decoder<T> decoder, ChangeHandler changed,
                                         const Clock& clock = Clock::real());

// The same with the caller's own sink, which keeps track of complete lists itself.
std::unique_ptr<Reflector> makeReflector(net::HttpClient& http, ReflectorOptions options,
                                         std::unique_ptr<RecordSink> sink,
                                         const Clock& clock = Clock::real());

}  // namespace profiling::kube

#include "operator/kube/reflector_impl.h"
