// What the sidecar reads to find its server: a DNS message, resolv.conf, hosts, and the URL itself.
#include "tests/fuzz/fuzz.h"
#include "webhooks/agents/scrape/net/dns.h"
#include "webhooks/agents/scrape/net/url.h"

using namespace profiling::fuzz;    // NOLINT(google-build-using-namespace)
using namespace profiling::scrape;  // NOLINT(google-build-using-namespace)

FUZZ(std::string_view input) {
  for (const RecordType type : {RecordType::kA, RecordType::kAaaa}) {
    const DnsAnswer answer = decodeAnswer(input, 0x4141, "a.b", type);
    require(answer.addresses.size() <= input.size() / 4, "addresses come out of the message");
    const auto query = encodeQuery(0x4141, input, type);
    if (query) require(query->size() <= 512, "a query fits into a datagram");
  }
  const ResolverSettings settings = parseResolvConf(input);
  require(!settings.servers.empty() && settings.servers.size() <= 3, "one to three servers");
  require(!candidates("a.b", settings).empty(), "a name is looked for");
  (void)addressesInHosts(input, "localhost");
  if (const auto url = parseUrl(input); url.ok()) {
    const auto again = parseUrl(url->text());
    require(again.ok() && again->text() == url->text(), "a URL is read back");
  }
}
