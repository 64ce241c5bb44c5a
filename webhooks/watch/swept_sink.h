// The base of the webhook's sinks. Private to this folder.
#pragma once

#include <atomic>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "operator/kube/record_sink.h"

namespace profiling::webhooks {

// A complete list is a sweep: objects that it did not name are gone.
class SweptSink : public kube::RecordSink {
 public:
  explicit SweptSink(std::atomic<bool>& synced) : synced_(synced) {}
  void beginList() override { named_.clear(); }
  Status listed(std::string_view text) override {
    std::string key;
    Status status = read(text, key);
    if (status.ok()) named_.insert(std::move(key));
    return status;
  }
  Status upsert(std::string_view text) override {
    std::string key;
    return read(text, key);
  }
  void unlisted(const std::string& key) override {
    named_.erase(key);
    erase(key);
  }
  void keepListed(const std::string& key) override { named_.insert(key); }
  void commitList() override {
    sweep([this](const std::string& key) { return named_.contains(key); });
    named_ = {};
    synced_ = true;
  }
  void dropList() override { named_ = {}; }
  void flush() override {}

 private:
  // Puts the object into the table; `key` is its name.
  virtual Status read(std::string_view text, std::string& key) = 0;
  // Removes the objects that `named` does not hold.
  virtual void sweep(const std::function<bool(const std::string&)>& named) = 0;

  std::atomic<bool>& synced_;
  std::unordered_set<std::string> named_;
};

}  // namespace profiling::webhooks
