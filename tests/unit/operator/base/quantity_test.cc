#include "operator/base/quantity.h"

#include <gtest/gtest.h>

namespace profiling {
namespace {

TEST(Quantity, ReadsEveryFormThatTheApiWrites) {
  for (const auto& [text, value] : {std::pair{"0", 0.0},
                                    {"12345678n", 0.012345678},
                                    {"1500u", 0.0015},
                                    {"50m", 0.05},
                                    {"250m", 0.25},
                                    {"0.5", 0.5},
                                    {"1", 1.0},
                                    {"1.5", 1.5},
                                    {"1e3", 1000.0},
                                    {"2k", 2000.0},
                                    {"1G", 1e9},
                                    {"1E", 1e18},
                                    {"20Ki", 20480.0},
                                    {"100Mi", 104857600.0},
                                    {"2Gi", 2147483648.0}}) {
    ASSERT_TRUE(parseQuantity(text)) << text;
    EXPECT_DOUBLE_EQ(*parseQuantity(text), value) << text;
  }
}

TEST(Quantity, RefusesOtherText) {
  for (const char* text : {"", "m", "Mi", "-1", "+1", "nan", "inf", "1x", "1 Mi", "1mi", "1e999",
                           "0x10", "Mi64", "1,5", " 1"}) {
    EXPECT_EQ(parseQuantity(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace profiling
