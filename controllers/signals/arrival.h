// Whether a storage server has recently received profiles of given pods. Queries only servers that
// the operator runs, at their Service: the address is built from the server's name and namespace,
// never taken from a policy, whose URL could point anywhere.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>

#include "controllers/signals/queries.h"
#include "operator/net/query_client.h"

namespace profiling::signals {

// "namespace/name" of a ProfilingServer → "host:port" that replaces its Service in tests.
using AddressOverrides = std::map<std::string, std::string, std::less<>>;

struct ServerRef {
  std::string namespace_, name;
};

// "http://NAME.NAMESPACE.svc:4040". kInvalidArgument if a name is not a DNS label: the URL would
// point elsewhere.
Result<std::string> serverUrl(const ServerRef& server, const AddressOverrides& overrides);

struct ArrivalQuestion {
  ServerRef server;
  std::string tenant;  // empty: the server does not keep tenants apart
  Scope scope;
  // The pods to look for, and since when: a StatefulSet's pod comes back under its name, so its
  // predecessor's profiles prove nothing.
  LastSeen pods;
  Time since{}, now{};  // at most a day
};

// Thread-safe and stateless. `client` must outlive it.
class ArrivalReader {
 public:
  ArrivalReader(net::QueryClient& client, AddressOverrides overrides = {},
                std::chrono::milliseconds deadline = std::chrono::seconds(20))
      : client_(client), overrides_(std::move(overrides)), deadline_(deadline) {}

  // Returns every pod seen, including those not in question.pods. Queries one profile type after
  // another until all are found. If any query fails, the call fails, because missing data must not
  // make a pod look silent. `deadline` is for all queries of a call together.
  Result<LastSeen> read(const ArrivalQuestion& question, const std::stop_token& stop) const;
  // The senders of the scope since then, with their agents; ignores question.pods.
  Result<std::set<Sender>> senders(const ArrivalQuestion& question,
                                   const std::stop_token& stop) const;

 private:
  using Ask = std::function<Result<std::string>(std::string_view method, const std::string& body)>;
  Result<Ask> asker(const ArrivalQuestion& question, const std::stop_token& stop) const;

  net::QueryClient& client_;
  const AddressOverrides overrides_;
  const std::chrono::milliseconds deadline_;
};

}  // namespace profiling::signals
