#include "operator/obs/metrics.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace profiling::obs {
namespace {

using ::testing::HasSubstr;

TEST(Metrics, SeriesOfOneFamilyShareHelpAndType) {
  Metrics metrics;
  metrics.counter("decisions_total", "Decisions.", {{"reason", "Injected"}}).Increment();
  metrics.counter("decisions_total", "Decisions.", {{"reason", "OptedOut"}}).Increment(2);
  const std::string text = metrics.text();
  EXPECT_THAT(text, HasSubstr("# TYPE decisions_total counter\n"));
  EXPECT_THAT(text, HasSubstr("decisions_total{reason=\"Injected\"} 1"));
  EXPECT_THAT(text, HasSubstr("decisions_total{reason=\"OptedOut\"} 2"));
  EXPECT_EQ(text.find("# HELP decisions_total"), text.rfind("# HELP decisions_total"));
}

TEST(Metrics, CollectorsRunBeforeEachExposition) {
  Metrics metrics;
  auto& age = metrics.gauge("store_age_seconds", "Age.");
  int calls = 0;
  metrics.onCollect([&] { age.Set(++calls); });
  EXPECT_THAT(metrics.text(), HasSubstr("store_age_seconds 1"));
  EXPECT_THAT(metrics.text(), HasSubstr("store_age_seconds 2"));
}

TEST(Metrics, ReportsTheFiguresOfThisProcess) {
  Metrics metrics;
  addProcessMetrics(metrics);
  const std::string text = metrics.text();
  const auto at = text.find("\nprocess_resident_memory_bytes ");
  ASSERT_NE(at, std::string::npos);
  EXPECT_GT(std::stod(text.substr(at + 31)), 1e6);
  EXPECT_THAT(text, HasSubstr("process_threads 1"));
}

}  // namespace
}  // namespace profiling::obs
