// A reflector of a made-up kind whose server is a script of lists and streams.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "operator/kube/reflector.h"
#include "tests/support/fake_http.h"

namespace profiling::kube {

using namespace std::chrono_literals;
using test::FakeHttp;

struct Thing {
  std::string name;
  int value = 0;
};

inline Result<Decoded<Thing>> decodeThing(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (json.is_discarded()) return Status(Code::kInvalidArgument, "not JSON");
  const auto& meta = json.at("metadata");
  if (json.contains("throw")) throw std::runtime_error("decoder bug");
  if (!json.contains("value")) return Status(Code::kInvalidArgument, "at /value: required");
  Thing thing{meta.at("name"), json.at("value")};
  return Decoded<Thing>{objectKey(meta.value("namespace", ""), thing.name),
                        std::make_shared<const Thing>(thing)};
}

inline std::string object(const std::string& name, int value, int version) {
  return R"({"metadata":{"name":")" + name + R"(","namespace":"ns","resourceVersion":")" +
         std::to_string(version) + R"("},"value":)" + std::to_string(value) + "}";
}
// As long as what the tests skip.
inline std::string longObject(const std::string& name, int version) {
  std::string text = object(name, 99, version);
  text.back() = ',';
  return text + R"("filler":")" + std::string(2'000, '<') + R"("})";
}
inline std::string event(const std::string& type, const std::string& object_json) {
  return R"({"type":")" + type + R"(","object":)" + object_json + "}\n";
}
inline std::string bookmark(int version) {
  return event("BOOKMARK",
               R"({"metadata":{"resourceVersion":")" + std::to_string(version) + R"("}})");
}
inline std::string list(const std::vector<std::string>& objects, int version,
                        const std::string& token = "") {
  std::string items;
  for (const std::string& o : objects) items += (items.empty() ? "" : ",") + o;
  return R"({"metadata":{"resourceVersion":")" + std::to_string(version) + R"(","continue":")" +
         token + R"("},"items":[)" + items + "]}";
}
inline constexpr const char* kGone410 =
    R"({"kind":"Status","code":410,"reason":"Expired","message":"too old"})";

// Scripted server: the n-th list and the n-th watch get the n-th entry; when the script is over,
// lists fail and watches stay silent until they are stopped.
struct ReflectorTest : ::testing::Test {
  using Watch = FakeHttp::StreamHandler;

  void TearDown() override {
    if (reflector) reflector->stop();
  }
  void start(ReflectorOptions options = {}) {
    http.onSend([this](const net::Request& request) -> Result<net::Response> {
      const std::size_t n = list_calls++;
      if (n < lists.size()) return lists[n](request);
      return Status(Code::kUnavailable, "the script has no further list");
    });
    http.onStream([this](const net::Request& request, const net::ByteSink& sink,
                         const std::stop_token& stop) -> Result<net::Response> {
      const std::size_t n = watch_calls++;
      if (n < watches.size()) return watches[n](request, sink, stop);
      return FakeHttp::blockUntil(stop);
    });
    options.resource = {"example.org", "v1", "things"};
    options.timing.backoff = {1ms, 2ms};
    options.timing.confirm_after = 1ms;
    options.timing.streaming_list = streaming;
    reflector =
        makeReflector<Thing>(http, options, store, decodeThing, [this](std::string_view key) {
          const std::scoped_lock lock(mutex);
          changed.emplace_back(key);
          stored_at_change.push_back(store.snapshot()->size());
        });
    reflector->start();
  }
  void answerList(std::string body, int status = 200) {
    lists.push_back([=](const net::Request&) { return FakeHttp::json(status, body); });
  }
  // Sends `pieces` to the sink, then ends as `end` says (nullopt: silence until stopped).
  void answerWatch(std::vector<std::string> pieces, std::optional<Status> end = std::nullopt) {
    watches.push_back([=](const net::Request&, const net::ByteSink& sink,
                          const std::stop_token& stop) -> Result<net::Response> {
      for (const std::string& piece : pieces) {
        if (Status status = sink(piece); !status.ok()) return status;
      }
      if (!end) return FakeHttp::blockUntil(stop);
      if (!end->ok()) return *end;
      return FakeHttp::json(200, "");
    });
  }
  std::vector<std::string> changes() {
    const std::scoped_lock lock(mutex);
    return changed;
  }
  std::string watchTarget(std::size_t n) {
    std::size_t seen = 0;
    for (const auto& call : http.calls()) {
      if (call.request.target.find("watch=true") != std::string::npos && seen++ == n) {
        return call.request.target;
      }
    }
    return "(no such watch)";
  }
  int valueOf(std::string_view key) {
    const auto thing = store.find(key);
    return thing ? thing->value : -1;
  }

  bool streaming = false;  // paged lists only, unless a test says otherwise
  FakeHttp http;
  Store<Thing> store;
  std::vector<FakeHttp::SendHandler> lists;
  std::vector<Watch> watches;
  std::atomic<std::size_t> list_calls{0}, watch_calls{0};
  std::mutex mutex;
  std::vector<std::string> changed;
  std::vector<std::size_t> stored_at_change;
  std::unique_ptr<Reflector> reflector;
};

}  // namespace profiling::kube
