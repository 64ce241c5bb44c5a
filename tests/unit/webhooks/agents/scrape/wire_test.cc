#include "webhooks/agents/scrape/pprof/wire.h"

#include <limits>

#include <gmock/gmock.h>

#include "webhooks/agents/scrape/pprof/gzip.h"

namespace profiling::scrape {
namespace {

TEST(Wire, RoundTripsNumbersOfEverySize) {
  for (const std::uint64_t value :
       {std::uint64_t{0}, std::uint64_t{127}, std::uint64_t{128}, std::uint64_t{1} << 63,
        std::numeric_limits<std::uint64_t>::max()}) {
    std::string out;
    appendNumber(out, 9, value);
    WireReader reader(out);
    WireField field;
    ASSERT_TRUE(reader.next(field));
    EXPECT_EQ(field.number, 9u);
    EXPECT_EQ(field.value, value);
    EXPECT_EQ(field.raw, out);
    EXPECT_FALSE(reader.next(field));
    EXPECT_TRUE(reader.ok());
  }
}

TEST(Wire, SkipsFixedFields) {
  std::string out(
      "\x0d"
      "1234"
      "\x11"
      "12345678",
      14);
  appendBytes(out, 3, "text");
  WireReader reader(out);
  WireField field;
  ASSERT_TRUE(reader.next(field));
  EXPECT_EQ(field.number, 1u);
  ASSERT_TRUE(reader.next(field));
  EXPECT_EQ(field.number, 2u);
  ASSERT_TRUE(reader.next(field));
  EXPECT_EQ(field.bytes, "text");
  EXPECT_TRUE(reader.ok());
}

TEST(Wire, RefusesMalformedInput) {
  for (const std::string_view bytes :
       {"\x0a\x05"
        "abc",                                           // shorter than it says
        "\x08",                                          // no value
        "\x0b",                                          // a group
        "\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01",  // eleven bytes
        "\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f"}) {
    WireReader reader(bytes);
    WireField field;
    EXPECT_FALSE(reader.next(field));
    EXPECT_FALSE(reader.ok());
    EXPECT_FALSE(reader.next(field)) << "an error stays";
  }
}

TEST(Wire, RepeatedNumbersComePackedOrNot) {
  std::string packed, out;
  for (const std::uint64_t v : {1, 300, 5}) appendVarint(packed, v);
  appendBytes(out, 2, packed);
  appendNumber(out, 2, 7);
  std::vector<std::uint64_t> all;
  WireReader reader(out);
  for (WireField f; reader.next(f);) {
    EXPECT_TRUE(forEachNumber(f, [&](std::uint64_t v) { all.push_back(v); }));
  }
  EXPECT_THAT(all, testing::ElementsAre(1, 300, 5, 7));
}

TEST(Gzip, RoundTripsWithinBounds) {
  std::string text;
  for (int i = 0; i < 100'000; ++i) text += std::to_string(i);
  const std::string packed = gzip(text);
  EXPECT_LT(packed.size(), text.size());
  EXPECT_EQ(*gunzip(packed, text.size()), text);
  EXPECT_EQ(gunzip(packed, text.size() - 1).status().code(), Code::kTooLarge);
  EXPECT_EQ(*gunzip(packed + packed, 2 * text.size()), text + text);
  EXPECT_EQ(*gunzip(gzip(""), 10), "");
}

TEST(Gzip, RefusesMalformedInput) {
  const std::string packed = gzip("some text that is worth packing, is it not?");
  for (std::size_t n = 0; n < packed.size(); ++n) {
    EXPECT_FALSE(gunzip(packed.substr(0, n), 1000).ok()) << n;
  }
  EXPECT_FALSE(gunzip(packed + "x", 1000).ok());
  EXPECT_FALSE(gunzip("<html>", 1000).ok());
}

}  // namespace
}  // namespace profiling::scrape
