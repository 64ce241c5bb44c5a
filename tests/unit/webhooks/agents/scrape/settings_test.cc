#include "webhooks/agents/scrape/settings.h"

#include <map>

#include <gmock/gmock.h>

#include "webhooks/agents/scrape/rarely.h"

namespace profiling::scrape {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;
using Variables = std::map<std::string, std::string, std::less<>>;

Environment environment(Variables more) {
  more.insert({{"PYROSCOPE_SERVER_ADDRESS", "http://pyroscope.profiling.svc:4040/"},
               {"PYROSCOPE_APPLICATION_NAME", "shop"}});
  return [more](std::string_view name) -> std::optional<std::string> {
    const auto at = more.find(name);
    return at == more.end() ? std::nullopt : std::optional(at->second);
  };
}

Result<Settings> read(Variables more) {
  return readSettings(environment(std::move(more)));
}

TEST(Settings, Defaults) {
  const auto s = read({});
  ASSERT_TRUE(s.ok()) << s.status().toString();
  EXPECT_EQ(s->application.text(), "http://127.0.0.1:6060/debug/pprof");
  EXPECT_EQ(s->server.text(), "http://pyroscope.profiling.svc:4040");
  EXPECT_EQ(s->interval, 15s);
  EXPECT_TRUE(s->enabled && s->wanted.cpu && s->wanted.locks && s->wanted.allocations);
  EXPECT_TRUE(s->server_headers.empty());
}

TEST(Settings, ReadsTheOperatorsVariables) {
  const auto s = read({{"PROFILING_PPROF_PORT", "8081"},
                       {"PROFILING_PPROF_PATH_PREFIX", "/internal/"},
                       {"PROFILING_PPROF_PROFILES", "cpu, inUseMemory"},
                       {"PYROSCOPE_LABELS", "pod=p-1"},
                       {"PYROSCOPE_TENANT_ID", "team-a"},
                       {"PYROSCOPE_UPLOAD_INTERVAL", "1500ms"},
                       {"PYROSCOPE_BASIC_AUTH_USER", "u"},
                       {"PYROSCOPE_BASIC_AUTH_PASSWORD", "p"},
                       {"PYROSCOPE_AGENT_ENABLED", "False"}});
  ASSERT_TRUE(s.ok()) << s.status().toString();
  EXPECT_EQ(s->application.text(), "http://127.0.0.1:8081/internal/debug/pprof");
  EXPECT_EQ(s->interval, 1500ms);
  EXPECT_TRUE(s->wanted.cpu && s->wanted.in_use_memory);
  EXPECT_FALSE(s->wanted.allocations || s->wanted.goroutines || s->wanted.locks || s->enabled);
  EXPECT_EQ(s->labels.back(), std::make_pair(std::string("pod"), std::string("p-1")));
  ASSERT_EQ(s->server_headers.size(), 2u);
  EXPECT_EQ(s->server_headers[0].value, "team-a");
  EXPECT_EQ(s->server_headers[1].value, "Basic dTpw");
}

TEST(Settings, InvalidServiceNamesAreMadeValid) {
  EXPECT_EQ(read({{"PYROSCOPE_APPLICATION_NAME", "a b{c}"}})->labels.front().second, "a_b_c_");
}

TEST(Settings, ErrorsNameTheVariableAndWhatIsAllowed) {
  const std::vector<std::pair<Variables, std::string>> cases{
      {{{"PYROSCOPE_SERVER_ADDRESS", "pyroscope:4040"}},
       "PYROSCOPE_SERVER_ADDRESS: 'pyroscope:4040'"},
      {{{"PYROSCOPE_SERVER_ADDRESS", ""}}, "PYROSCOPE_SERVER_ADDRESS"},
      {{{"PYROSCOPE_APPLICATION_NAME", " "}}, "PYROSCOPE_APPLICATION_NAME"},
      {{{"PROFILING_PPROF_PORT", "70000"}}, "a port that is no number from 1 to 65535"},
      {{{"PROFILING_PPROF_PATH_PREFIX", "x"}}, "begins with /"},
      {{{"PROFILING_PPROF_URL", "https://127.0.0.1:1/x"}}, "want http://"},
      {{{"PROFILING_PPROF_PROFILES", "cpu,heap"}}, "want a list of cpu, allocations"},
      {{{"PYROSCOPE_UPLOAD_INTERVAL", "soon"}}, "PYROSCOPE_UPLOAD_INTERVAL"},
      {{{"PYROSCOPE_TENANT_ID", "a\r\nX: y"}}, "no HTTP header may carry"},
      {{{"PROFILING_LOG_LEVEL", "loud"}}, "PROFILING_LOG_LEVEL"}};
  for (const auto& [variables, message] : cases) {
    const auto s = read(variables);
    ASSERT_FALSE(s.ok()) << message;
    EXPECT_EQ(s.status().code(), Code::kInvalidArgument);
    EXPECT_THAT(s.status().message(), HasSubstr(message));
  }
}

TEST(Flags, WinOverVariables) {
  const auto e = withFlags(environment({{"PROFILING_PPROF_PORT", "1"}}),
                           {"--pprof-port", "2", "--service-name=x=y"});
  ASSERT_TRUE(e.ok());
  EXPECT_EQ((*e)("PROFILING_PPROF_PORT"), "2");
  EXPECT_EQ((*e)("PYROSCOPE_APPLICATION_NAME"), "x=y");
  EXPECT_EQ((*e)("PROFILING_OTHER"), std::nullopt);
}

TEST(Flags, UnknownOnesAreRefused) {
  EXPECT_THAT(withFlags(environment({}), {"--odd"}).status().message(), HasSubstr("'--odd'"));
  EXPECT_THAT(withFlags(environment({}), {"--server"}).status().message(),
              HasSubstr("needs a value"));
}

TEST(UrlTest, Forms) {
  EXPECT_EQ(parseUrl("http://h")->port, 80);
  EXPECT_EQ(parseUrl("https://h/a/b//")->text(), "https://h/a/b");
  EXPECT_EQ(parseUrl("https://h:8443")->authority(), "h:8443");
  EXPECT_EQ(parseUrl("http://[::1]:6060/x")->host, "::1");
  EXPECT_EQ(parseUrl("http://[::1]:6060/x")->authority(), "[::1]:6060");
  for (const char* bad : {"", "h:1", "ftp://h", "http://", "http://:1", "http://h:0",
                          "http://h:", "http://h:1x", "http://u@h", "http://h/a b", "http://h?x",
                          "http://h/#f", "http://[::1", "http://[::1]x", "http://h\r\nX: y"}) {
    EXPECT_FALSE(parseUrl(bad).ok()) << bad;
  }
}

TEST(RarelyTest, FirstThenEveryFiveMinutes) {
  Rarely r;
  const SteadyTime start{};
  EXPECT_EQ(r.now(start), 0u);
  EXPECT_EQ(r.now(start + 1s), std::nullopt);
  EXPECT_EQ(r.now(start + 2s), std::nullopt);
  EXPECT_EQ(r.now(start + 5min), 2u);
  r.over();
  EXPECT_EQ(r.now(start + 5min + 1s), 0u);
}

}  // namespace
}  // namespace profiling::scrape
