// POST /validate: checks an object of ours against rules that its schema cannot express.
//
// Wrong values are denied with the field, the value and what is allowed, in the operator's own
// words; a reference to an object that does not exist (yet) is a warning, so that manifests may be
// applied in any order. Fails open like the pods' webhook: after an internal error the object is
// allowed, and the controllers report the problem in its status.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

#include "operator/api/effective.h"
#include "operator/net/http_server.h"

namespace profiling::webhooks {

// Larger reviews are answered with 413, and the API server then allows the object (failurePolicy
// Ignore). Our objects have a few KiB; the review of an update holds one twice.
inline constexpr std::size_t kMaxObjectReview = 256 * 1024;

// Look-ups in the webhook's watches; both are set. Called on I/O threads; thread-safe.
struct KnownObjects {
  // By "namespace/name"; null: no such server.
  std::function<std::shared_ptr<const api::ProfilingServer>(const std::string& key)> server;
  std::function<std::map<std::string, std::string>(const std::string& name)> namespace_labels;
};

struct Validation {
  std::string error;  // empty: the object is allowed
  std::vector<std::string> warnings;
};

// Pure. `namespace_` is the request's; objects of other kinds are valid.
Validation validateObject(const nlohmann::json& object, const std::string& namespace_,
                          const KnownObjects& known);

class ObjectValidator {
 public:
  explicit ObjectValidator(KnownObjects known, std::function<void()> failed_open = {})
      : known_(std::move(known)), failed_open_(std::move(failed_open)) {}

  // Thread-safe; runs on the server's I/O threads.
  net::ServerResponse handle(const net::ServerRequest& request) const;

 private:
  const KnownObjects known_;
  const std::function<void()> failed_open_;
};

}  // namespace profiling::webhooks
