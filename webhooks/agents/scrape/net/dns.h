// The pure part of name resolution: a resolver's files, the names to query, and the messages of RFC
// 1035 (3596 for IPv6).
//
// Why our own: in a static binary glibc's getaddrinfo loads NSS plug-ins of exactly the glibc that
// it was built with, which an image from scratch does not have; and it has neither a deadline nor
// cancellation. A pod's names come from /etc/hosts and the cluster's DNS over UDP; this covers
// both. Not done: TCP after a truncated answer (the addresses that fitted are used), EDNS, DNSSEC,
// mDNS.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "webhooks/agents/scrape/net/address.h"

namespace profiling::scrape {

struct ResolverSettings {
  std::vector<Address> servers;  // at most three, as resolv.conf(5) says; localhost if none
  std::vector<std::string> search;
  int dots = 1;  // "ndots"
  std::chrono::seconds timeout{5};
  int attempts = 2;
};

// resolv.conf(5); unknown lines are skipped.
ResolverSettings parseResolvConf(std::string_view text);

// hosts(5): the addresses of a name, in the file's order.
std::vector<Address> addressesInHosts(std::string_view text, std::string_view name);

// The full names to query, in order: a name with few dots is tried below each search domain first.
std::vector<std::string> candidates(std::string_view name, const ResolverSettings& settings);

enum class RecordType : std::uint16_t { kA = 1, kAaaa = 28 };

// nullopt if it is not a domain name.
std::optional<std::string> encodeQuery(std::uint16_t id, std::string_view name, RecordType type);

enum class DnsOutcome {
  kAnswered,  // with addresses, or without: the name has none of this type
  kNoName,    // NXDOMAIN
  kFailed,    // a server error, or a malformed message
  kForeign,   // not the answer to this query: keep waiting
};

struct DnsAnswer {
  DnsOutcome outcome = DnsOutcome::kForeign;
  std::vector<Address> addresses;
};

// Any input is safe. Accepts addresses of any name in the answer, because a resolver puts the chain
// of aliases into one answer.
DnsAnswer decodeAnswer(std::string_view message, std::uint16_t id, std::string_view name,
                       RecordType type);

}  // namespace profiling::scrape
