#include "operator/kube/server_clock.h"

#include <gtest/gtest.h>

#include "operator/base/time_text.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_http.h"

namespace profiling::kube {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

struct Clocks {
  // An answer of a server that is `ahead`, after `trip`.
  void answer(Millis ahead, Millis trip = milliseconds(20)) {
    const SteadyTime sent = local.steady();
    local.advance(trip / 2);
    const auto t =
        std::chrono::system_clock::to_time_t(std::chrono::floor<seconds>(local.wall() + ahead));
    std::tm tm{};
    gmtime_r(&t, &tm);
    char text[64];
    std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &tm);
    local.advance(trip - trip / 2);
    clock.observe(text, sent, local.steady());
  }
  Millis error(Millis ahead) const {
    return std::chrono::duration_cast<Millis>(clock.wall() - local.wall() - ahead);
  }
  test::FakeClock local;
  ServerClock clock{local};
};
struct ServerClockTest : ::testing::Test, Clocks {};

TEST_F(ServerClockTest, BeforeTheFirstAnswerItIsTheLocalClock) {
  local.advance(hours(3));
  EXPECT_EQ(clock.wall(), local.wall());
  clock.observe("", local.steady(), local.steady());
  clock.observe("Sunday, 06-Nov-94 08:49:37 GMT", local.steady(), local.steady());
  EXPECT_EQ(clock.wall(), local.wall());
}

TEST_F(ServerClockTest, AClockThatMayBeEqualIsLeftAlone) {
  for (int i = 0; i < 50; ++i) {
    local.advance(milliseconds(730));
    answer(milliseconds(0));
    EXPECT_EQ(clock.wall(), local.wall());
  }
}

TEST_F(ServerClockTest, OneAnswerShowsTheDifferenceToASecondAndMoreShowItBetter) {
  for (const Millis ahead : {Millis(minutes(10)), Millis(-30'000), Millis(2'400)}) {
    Clocks fresh;
    fresh.local.advance(milliseconds(370));
    fresh.answer(ahead);
    EXPECT_LE(std::abs(fresh.error(ahead).count()), 600) << ahead.count();
    for (int i = 0; i < 60; ++i) {
      fresh.local.advance(milliseconds(990));
      fresh.answer(ahead);
    }
    EXPECT_LE(std::abs(fresh.error(ahead).count()), 250) << ahead.count();
  }
}

TEST_F(ServerClockTest, AClockThatIsSetIsFollowed) {
  answer(Millis(minutes(10)));
  local.advance(minutes(1));
  answer(milliseconds(0));
  EXPECT_LE(std::abs(error(milliseconds(0)).count()), 600);
}

TEST_F(ServerClockTest, AnAnswerThatWasLongOnItsWaySaysNothing) {
  answer(Millis(hours(1)), seconds(8));
  EXPECT_EQ(clock.wall(), local.wall());
}

TEST_F(ServerClockTest, TheClientShowsItTheDatesOfAnswers) {
  test::FakeHttp http;
  http.onSend([&](const net::Request&) {
    net::Response response = test::FakeHttp::json(200, "{}");
    response.date = "Sat, 01 Aug 2026 13:00:00 GMT";
    return response;
  });
  DatedClient client(http, clock);
  ASSERT_TRUE(client.send({}, seconds(1), {}).ok());
  EXPECT_GT(clock.wall() - local.wall(), minutes(59));
}

TEST(HttpDate, OnlyThePreferredForm) {
  const auto t = parseHttpDate("Sun, 06 Nov 1994 08:49:37 GMT");
  ASSERT_TRUE(t);
  EXPECT_EQ(formatRfc3339(*t), "1994-11-06T08:49:37Z");
  for (const char* bad : {"", "Sun, 06 Nov 1994 08:49:37", "Mon, 06 Nov 1994 08:49:37 GMT",
                          "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 30 Feb 2026 08:49:37 GMT",
                          "Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 GMT and more"}) {
    EXPECT_FALSE(parseHttpDate(bad)) << bad;
  }
}

}  // namespace
}  // namespace profiling::kube
