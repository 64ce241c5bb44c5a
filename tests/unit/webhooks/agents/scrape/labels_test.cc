#include "webhooks/agents/scrape/labels.h"

#include <gmock/gmock.h>

namespace profiling::scrape {
namespace {

using testing::ElementsAre;
using testing::Pair;

TEST(Labels, PairsOfTheEnvironment) {
  EXPECT_THAT(labelsOf("shop", "namespace=n, pod=p-1 ,version=1.2"),
              ElementsAre(Pair("service_name", "shop"), Pair("namespace", "n"), Pair("pod", "p-1"),
                          Pair("version", "1.2")));
  EXPECT_THAT(labelsOf("shop", ""), ElementsAre(Pair("service_name", "shop")));
}

TEST(Labels, ValuesThatServersRefuseAreLeftOut) {
  EXPECT_THAT(labelsOf("s", "novalue=,=noname,word,a=b=c,b={x},two words=1,__name__=x,ok=1,,"),
              ElementsAre(Pair("service_name", "s"), Pair("ok", "1")));
}

TEST(Labels, EachNameAppearsOnce) {
  EXPECT_THAT(labelsOf("s", "a=1,a=2,service_name=other"),
              ElementsAre(Pair("service_name", "s"), Pair("a", "1")));
}

TEST(Labels, AreBounded) {
  std::string text;
  for (int i = 0; i < 100; ++i) text += "k" + std::to_string(i) + "=v,";
  EXPECT_EQ(labelsOf("s", text).size(), 30u);
}

}  // namespace
}  // namespace profiling::scrape
