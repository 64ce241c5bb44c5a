// Resolves names over UDP. Reads /etc/hosts and /etc/resolv.conf for each call, because both change
// while a pod lives. dns.h explains why we do not use glibc.
#pragma once

#include <string>
#include <vector>

#include "operator/base/status.h"
#include "webhooks/agents/scrape/net/dns.h"
#include "webhooks/agents/scrape/net/wait.h"

namespace profiling::scrape {

struct ResolverPlaces {
  std::string hosts = "/etc/hosts";
  std::string resolv_conf = "/etc/resolv.conf";
  std::uint16_t port = 53;
};

// Thread-safe; keeps nothing between calls.
class Resolver {
 public:
  explicit Resolver(ResolverPlaces places = {}) : places_(std::move(places)) {}

  // At least one address. kNotFound if no candidate exists, kUnavailable if no server answers,
  // kInvalidArgument if it cannot be a name.
  Result<std::vector<Address>> resolve(const std::string& host, SteadyTime deadline,
                                       const Cancel& cancel) const;

 private:
  ResolverPlaces places_;
};

}  // namespace profiling::scrape
