// The typed part of a reflector: decodes raw JSON into records and keeps the Store. Included by
// reflector.h at its end.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "operator/kube/reflector_core.h"

namespace profiling::kube::internal {

template <class T>
class StoreSink final : public RecordSink {
 public:
  using Map = typename Store<T>::Map;

  StoreSink(Store<T>& store, Decoder<T> decoder, ChangeHandler changed)
      : store_(store), decoder_(std::move(decoder)), changed_(std::move(changed)) {}

  std::size_t stored() const override { return store_.snapshot()->size(); }

  void beginList() override { side_.clear(); }
  Status listed(std::string_view object_json) override {
    Result<Decoded<T>> decoded = decode(object_json);
    if (!decoded.ok()) return decoded.status();
    if (decoded->record) {
      side_.insert_or_assign(std::move(decoded->key), std::move(decoded->record));
    } else {
      side_.erase(decoded->key);
    }
    return {};
  }
  void unlisted(const std::string& key) override { side_.erase(key); }
  void keepListed(const std::string& key) override {
    if (auto record = store_.find(key)) side_.insert_or_assign(key, std::move(record));
  }
  void commitList() override {
    store_.publish(std::exchange(side_, Map()));
    if (changed_) changed_({});
  }
  void dropList() override { side_.clear(); }

  Status upsert(std::string_view object_json) override {
    Result<Decoded<T>> decoded = decode(object_json);
    if (!decoded.ok()) return decoded.status();
    note(decoded->key);
    if (decoded->record) {
      pending().insert_or_assign(std::move(decoded->key), std::move(decoded->record));
    } else {
      pending().erase(decoded->key);
    }
    return {};
  }
  void erase(const std::string& key) override {
    note(key);
    pending().erase(key);
  }
  void flush() override {
    if (!pending_) return;
    store_.publish(std::move(*pending_));
    pending_.reset();
    noted_.clear();
    const std::vector<std::string> keys = std::exchange(keys_, {});
    if (!changed_) return;
    for (const std::string& key : keys) changed_(key);
  }

 private:
  // A decoder is the caller's code and reads objects that any cluster user may have written: an
  // exception costs that one object, never the process.
  Result<Decoded<T>> decode(std::string_view object_json) {
    try {
      return decoder_(object_json);
    } catch (const std::exception& e) {
      return Status(Code::kInternal, std::string("the decoder threw: ") + e.what());
    }
  }
  // One copy of the map of pointers for each batch, made when its first change comes.
  Map& pending() {
    if (!pending_) pending_ = *store_.snapshot();
    return *pending_;
  }
  void note(const std::string& key) {
    if (noted_.insert(key).second) keys_.push_back(key);
  }

  Store<T>& store_;
  const Decoder<T> decoder_;
  const ChangeHandler changed_;
  Map side_;
  std::optional<Map> pending_;
  std::set<std::string> noted_;
  std::vector<std::string> keys_;  // of the batch, in order of arrival
};

}  // namespace profiling::kube::internal

namespace profiling::kube {

template <class T>
std::unique_ptr<Reflector> makeReflector(net::HttpClient& http, ReflectorOptions options,
                                         Store<T>& store, Decoder<T> decoder, ChangeHandler changed,
                                         const Clock& clock) {
  return makeReflector(
      http, std::move(options),
      std::make_unique<internal::StoreSink<T>>(store, std::move(decoder), std::move(changed)),
      clock);
}

}  // namespace profiling::kube
