#include "operator/inject/pods/pod_facts.h"

#include <gtest/gtest.h>

#include "operator/base/time_text.h"

namespace profiling::inject {
namespace {

TEST(PodFacts, CreationTimesAreReadAsTheGeneralParserReadsThem) {
  for (const char* text : {"1970-01-01T00:00:00Z", "2024-02-29T23:59:59Z", "2026-08-01T12:34:56Z",
                           "2100-03-01T00:00:00Z"}) {
    const auto wanted = parseRfc3339(text)->time_since_epoch();
    EXPECT_EQ(createdSeconds(text),
              std::chrono::duration_cast<std::chrono::seconds>(wanted).count())
        << text;
  }
  for (const char* text :
       {"", "2026", "2026-02-30T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-01 00:00:00Z",
        "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z", "2026-01-0xT00:00:00Z",
        "2026-0x-01T00:00:00Z", "x026-01-01T00:00:00Z", "1969-12-31T23:59:59Z",
        "9999-01-01T00:00:00Z", "2026-01-01T00:00:0-Z", "2026-01-01T00:00:00+00:00"}) {
    EXPECT_EQ(createdSeconds(text), 0u) << text;
  }
}

}  // namespace
}  // namespace profiling::inject
