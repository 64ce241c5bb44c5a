// Has a storage server received profiles of these pods lately? Asked of servers that the operator
// runs, at their Service: an address is made from the server's name and namespace, never taken from
// a policy, whose URL may be anybody's.
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

// "namespace/name" of a ProfilingServer → "host:port" that stands in for its Service, in tests.
using AddressOverrides = std::map<std::string, std::string, std::less<>>;

struct ServerRef {
  std::string namespace_, name;
};

// "http://NAME.NAMESPACE.svc:4040". kInvalidArgument when a name is no DNS label: it would lead
// elsewhere.
Result<std::string> serverUrl(const ServerRef& server, const AddressOverrides& overrides);

struct ArrivalQuestion {
  ServerRef server;
  std::string tenant;  // empty: the server does not keep tenants apart
  Scope scope;
  // Who is looked for, and since when: a StatefulSet's pod comes back under its name, so that what
  // its predecessor sent proves nothing.
  LastSeen pods;
  Time since{}, now{};  // at most a day
};

// Any thread; holds nothing. `client` must outlive it.
class ArrivalReader {
 public:
  ArrivalReader(net::QueryClient& client, AddressOverrides overrides = {},
                std::chrono::milliseconds deadline = std::chrono::seconds(20))
      : client_(client), overrides_(std::move(overrides)), deadline_(deadline) {}

  // Who was seen, the pods that were not looked for included. Asks for one kind of profile after
  // another until everybody was found; an error of any question is the answer, because silence
  // about a pod must not mean that it sends nothing. `deadline` is for each question.
  Result<LastSeen> read(const ArrivalQuestion& question, const std::stop_token& stop) const;
  // Who of the scope has sent profiles since then, and with which agents; question.pods does not
  // matter.
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
