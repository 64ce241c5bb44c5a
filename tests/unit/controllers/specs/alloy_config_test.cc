// What Alloy makes of the text is tested in tests/alloy.
#include "controllers/specs/alloy_config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace profiling::specs {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

std::string config(const api::EbpfSettings& settings) {
  return alloyConfig(settings, "http://pyroscope.profiling.svc:4040", "profiling-system");
}

TEST(AlloyString, EscapesWhateverWouldEndIt) {
  EXPECT_EQ(alloyString("plain ${x} `y` 'z'"), "\"plain ${x} `y` 'z'\"");
  EXPECT_EQ(alloyString("a\"b\\c"), "\"a\\\"b\\\\c\"");
  EXPECT_EQ(alloyString(std::string_view("\n\t\0\x7F", 4)), R"("\x0a\x09\x00\x7f")");
  EXPECT_EQ(alloyString("\xC3\xA9\xFF"), R"("\xc3\xa9\xff")");
  EXPECT_EQ(alloyString(""), "\"\"");
}

TEST(AlloyConfig, ATenantIsSentOnlyWhenThereIsOne) {
  api::EbpfSettings settings;
  EXPECT_THAT(config(settings), Not(HasSubstr("X-Scope-OrgID")));
  settings.tenant_id = "platform";
  EXPECT_THAT(config(settings), HasSubstr(R"(headers = {"X-Scope-OrgID" = "platform"})"));
}

TEST(AlloyConfig, ItsOwnNamespaceIsExcludedUnlessNamespacesAreNamed) {
  api::EbpfSettings settings;
  settings.excluded_namespaces = {"kube-system"};
  EXPECT_THAT(config(settings), HasSubstr(R"(regex = "profiling-system|kube-system")"));
  EXPECT_THAT(config(settings), Not(HasSubstr("namespaces {")));
  settings.namespaces = {"shop"};
  EXPECT_THAT(config(settings), Not(HasSubstr("profiling-system|kube-system")));
  EXPECT_THAT(config(settings), HasSubstr(R"(names = ["shop"])"));
}

TEST(AlloyConfig, RateAndIntervalAreTheSettings) {
  api::EbpfSettings settings;
  settings.sample_hz = 97;
  settings.collect_interval = "1m";
  EXPECT_THAT(config(settings), HasSubstr("sample_rate = 97\n"));
  EXPECT_THAT(config(settings), HasSubstr("collect_interval = \"1m\"\n"));
}

}  // namespace
}  // namespace profiling::specs
