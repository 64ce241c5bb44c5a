// A Kubernetes API that remembers: get, list, watch, create, apply, merge patch and delete of a
// handful of objects, with resource versions and preconditions. Kept dumb: apply merges maps,
// merges entries of "webhooks" by name and replaces other lists; nothing is validated or defaulted.
// Thread-safe.
#pragma once

#include <condition_variable>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/support/fake_http.h"

namespace profiling::test {

class FakeApi final : public net::HttpClient {
 public:
  using Json = nlohmann::json;

  struct Write {
    net::Method method;
    std::string path;  // without the query
    std::string query;
    Json body;
  };
  // Answers instead of the API, when it returns something. Set before use.
  using Interceptor = std::function<std::optional<net::Response>(const net::Request&)>;
  void intercept(Interceptor interceptor) { interceptor_ = std::move(interceptor); }

  // Puts or replaces an object as somebody else would; `plural` as in paths.
  void put(const std::string& plural, Json object);
  void remove(const std::string& plural, const std::string& namespace_, const std::string& name);
  std::optional<Json> get(const std::string& plural, const std::string& namespace_,
                          const std::string& name) const;
  std::vector<Write> writes() const;
  std::vector<std::string> writtenPaths() const;
  void clearWrites();

  Result<net::Response> send(const net::Request& request, std::chrono::milliseconds,
                             const std::stop_token& stop) override;
  Result<net::Response> stream(const net::Request& request, const net::ByteSink& sink,
                               const net::StreamLimits&, const std::stop_token& stop) override;

 private:
  struct Path {
    std::string plural, namespace_, name, subresource;
    std::map<std::string, std::string> query;
  };
  struct Event {
    int version;
    std::string plural;
    std::string type;
    Json object;
  };
  using Key = std::pair<std::string, std::string>;  // plural, "namespace/name"

  static Path parse(const std::string& target);
  static Key keyOf(const std::string& plural, const Json& object);
  static bool selected(const Path& path, const std::string& plural, const Json& object);
  static net::Response failure(int status, const char* reason);
  static void merge(Json& into, const Json& from, bool apply);
  net::Response list(const Path& path);
  net::Response write(const net::Request& request, const Path& path);
  net::Response erase(const Path& path, const Json& options);
  Json& store(const std::string& plural, Json object, const char* type);

  Interceptor interceptor_;
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  int version_ = 100;
  std::map<Key, Json> objects_;
  std::vector<Event> events_;
  std::vector<Write> writes_;
};

}  // namespace profiling::test
