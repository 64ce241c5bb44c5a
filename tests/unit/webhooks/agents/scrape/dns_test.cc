#include "webhooks/agents/scrape/net/dns.h"

#include <random>

#include <gmock/gmock.h>

namespace profiling::scrape {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

Address address(std::string_view text) {
  return *parseAddress(text);
}

TEST(ResolvConf, ReadsTheFileOfAPod) {
  const auto conf = parseResolvConf(
      "search shop.svc.cluster.local svc.cluster.local cluster.local\n"
      "nameserver 10.96.0.10\n# comment\noptions ndots:5 timeout:2 attempts:3 rotate\n");
  EXPECT_THAT(conf.servers, ElementsAre(address("10.96.0.10")));
  EXPECT_THAT(conf.search,
              ElementsAre("shop.svc.cluster.local", "svc.cluster.local", "cluster.local"));
  EXPECT_EQ(conf.dots, 5);
  EXPECT_EQ(conf.timeout, std::chrono::seconds(2));
  EXPECT_EQ(conf.attempts, 3);
}

TEST(ResolvConf, SkipsInvalidLines) {
  const auto conf = parseResolvConf(
      "nameserver\nnameserver x\nnameserver fd00::a\nnameserver fe80::1%eth0\noptions ndots:x "
      "ndots timeout:999\nsearch\n\x01\n");
  EXPECT_THAT(conf.servers, ElementsAre(address("fd00::a")));
  EXPECT_EQ(conf.dots, 1);
  EXPECT_EQ(conf.timeout, std::chrono::seconds(30));
  EXPECT_THAT(parseResolvConf("").servers, ElementsAre(address("127.0.0.1")));
}

TEST(Hosts, FindsNamesAndAliases) {
  constexpr std::string_view kText =
      "127.0.0.1 localhost\n::1 localhost ip6-localhost # loopback\n"
      "10.0.0.7\tStore.example store\n# 10.0.0.8 other\nbad name\n";
  EXPECT_THAT(addressesInHosts(kText, "localhost"),
              ElementsAre(address("127.0.0.1"), address("::1")));
  EXPECT_THAT(addressesInHosts(kText, "store.EXAMPLE"), ElementsAre(address("10.0.0.7")));
  EXPECT_THAT(addressesInHosts(kText, "store"), ElementsAre(address("10.0.0.7")));
  EXPECT_THAT(addressesInHosts(kText, "other"), IsEmpty());
  EXPECT_THAT(addressesInHosts(kText, "name"), IsEmpty());
}

TEST(Candidates, FewDotsGoThroughTheSearchListFirst) {
  ResolverSettings conf;
  conf.search = {"shop.svc.cluster.local", "svc.cluster.local."};
  conf.dots = 5;
  EXPECT_THAT(candidates("pyroscope.profiling", conf),
              ElementsAre("pyroscope.profiling.shop.svc.cluster.local",
                          "pyroscope.profiling.svc.cluster.local", "pyroscope.profiling"));
  conf.dots = 1;
  EXPECT_THAT(candidates("a.b", conf),
              ElementsAre("a.b", "a.b.shop.svc.cluster.local", "a.b.svc.cluster.local"));
  EXPECT_THAT(candidates("a.b.", conf), ElementsAre("a.b"));
}

TEST(Query, OnlyNames) {
  EXPECT_TRUE(encodeQuery(1, "a.b-c.d", RecordType::kA));
  for (const std::string& bad : {std::string(), std::string("a..b"), std::string(".a"),
                                 std::string(64, 'x'), std::string(300, 'x'), std::string("a.")}) {
    EXPECT_FALSE(encodeQuery(1, bad, RecordType::kA)) << bad;
  }
}

// The query turned into an answer with these records, each after a pointer to the question's name.
std::string answer(std::string_view query, int flags, const std::vector<std::string>& records) {
  std::string out(query);
  out[2] = static_cast<char>(flags >> 8);
  out[3] = static_cast<char>(flags & 0xFF);
  out[7] = static_cast<char>(records.size());
  for (const std::string& r : records) out += std::string("\xC0\x0C", 2) + r;
  return out;
}

std::string record(int type, std::string_view data) {
  std::string out{0, static_cast<char>(type), 0, 1, 0, 0, 0, 60, 0, static_cast<char>(data.size())};
  return out.append(data);
}

TEST(Answer, AddressesBehindAnAlias) {
  const auto query = *encodeQuery(77, "store.example", RecordType::kA);
  const auto message = answer(query, 0x8180,
                              {record(5, std::string("\x01x\xC0\x0C", 4)),
                               record(1, "\x0a\x01\x02\x03"), record(1, "\x0a\x01\x02\x04")});
  const DnsAnswer a = decodeAnswer(message, 77, "STORE.example", RecordType::kA);
  EXPECT_EQ(a.outcome, DnsOutcome::kAnswered);
  EXPECT_THAT(a.addresses, ElementsAre(address("10.1.2.3"), address("10.1.2.4")));
}

TEST(Answer, SixteenBytesForIpv6) {
  const auto query = *encodeQuery(7, "a", RecordType::kAaaa);
  const auto a = decodeAnswer(answer(query, 0x8180, {record(28, "0123456789abcdef")}), 7, "a",
                              RecordType::kAaaa);
  ASSERT_EQ(a.addresses.size(), 1u);
  EXPECT_TRUE(a.addresses[0].v6);
}

TEST(Answer, OtherResponseCodes) {
  const auto query = *encodeQuery(7, "a.b", RecordType::kA);
  const auto outcome = [&](const std::string& m, std::uint16_t id, std::string_view name) {
    return decodeAnswer(m, id, name, RecordType::kA).outcome;
  };
  EXPECT_EQ(outcome(answer(query, 0x8183, {}), 7, "a.b"), DnsOutcome::kNoName);
  EXPECT_EQ(outcome(answer(query, 0x8182, {}), 7, "a.b"), DnsOutcome::kFailed);
  EXPECT_EQ(outcome(answer(query, 0x8180, {}), 7, "a.b"), DnsOutcome::kAnswered);
  EXPECT_EQ(outcome(answer(query, 0x8380, {}), 7, "a.b"), DnsOutcome::kFailed) << "cut short";
  EXPECT_EQ(outcome(answer(query, 0x8180, {}), 8, "a.b"), DnsOutcome::kForeign);
  EXPECT_EQ(outcome(answer(query, 0x8180, {}), 7, "a.c"), DnsOutcome::kForeign);
  EXPECT_EQ(outcome(query, 7, "a.b"), DnsOutcome::kForeign) << "a question is no answer";
}

TEST(Answer, AnyBytesAreSafe) {
  const auto query = *encodeQuery(7, "a.b", RecordType::kA);
  const std::string whole =
      answer(query, 0x8180, {record(1, "\x0a\x01\x02\x03"), record(1, "abcd")});
  std::mt19937 random(3);
  for (std::size_t n = 0; n < whole.size(); ++n) {
    (void)decodeAnswer(whole.substr(0, n), 7, "a.b", RecordType::kA);
    for (int i = 0; i < 20; ++i) {
      std::string bad = whole;
      bad[n] = static_cast<char>(random());
      (void)decodeAnswer(bad, 7, "a.b", RecordType::kA);
    }
  }
}

}  // namespace
}  // namespace profiling::scrape
