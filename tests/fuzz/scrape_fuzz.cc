// Whatever an application answers: reading ends, stays inside its bytes, and what would be sent can
// be read again. The first byte chooses the kind of profile; the same body is taken twice, so that
// differences are made, too.
#include <cstdint>
#include <cstdlib>

#include "webhooks/agents/scrape/harvest.h"
#include "webhooks/agents/scrape/net/dns.h"
#include "webhooks/agents/scrape/pprof/gzip.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace profiling;
  using namespace profiling::scrape;
  if (size == 0) return 0;
  const std::string body(reinterpret_cast<const char*>(data) + 1, size - 1);
  const Kind kind = kindRows().at(data[0] % kKinds).kind;
  Baseline baseline;
  for (const Wanted& wanted : {Wanted{}, Wanted{true, false, true, true, true}}) {
    const auto result = harvest(kind, wanted, body, SteadyTime{} + Millis(1), baseline);
    if (!result.ok() || result->pprof.empty()) continue;
    const auto sent = gunzip(result->pprof, kMaxUnpacked);
    if (!sent.ok() || !parseProfile(*sent).ok()) std::abort();
  }
  (void)decodeAnswer(body, 0x4141, "a.b", RecordType::kA);
  return 0;
}
