// Whatever an application answers when it is scraped: reading stays inside the bytes, and what would
// be sent can be read again. The first byte chooses the kind of profile; the same body is taken twice,
// so that differences are made, too.
#include "tests/fuzz/fuzz.h"
#include "webhooks/agents/scrape/harvest.h"
#include "webhooks/agents/scrape/pprof/gzip.h"

using namespace profiling::fuzz;    // NOLINT(google-build-using-namespace)
using namespace profiling::scrape;  // NOLINT(google-build-using-namespace)

FUZZ(std::string_view input) {
  if (input.empty()) return;
  const std::string body(input.substr(1));
  const Kind kind = kindRows().at(static_cast<unsigned char>(input[0]) % kKinds).kind;
  Baseline baseline;
  for (const Wanted& wanted : {Wanted{}, Wanted{true, false, true, true, true}}) {
    const auto result =
        harvest(kind, wanted, body, profiling::SteadyTime{} + profiling::Millis(1), baseline);
    if (!result.ok() || result->pprof.empty()) continue;
    const auto sent = gunzip(result->pprof, ProfileBounds{}.unpacked);
    require(sent.ok() && parseProfile(*sent).ok(), "what is sent is a profile");
  }
}
