// Numbers and words of the libraries' logs.
#include "capture/calls/log_values.h"

#include <gtest/gtest.h>

namespace tw::capture {
namespace {

TEST(LogValues, ANumberIsTheWholeText) {
  EXPECT_EQ(number_of("1.79769e+308"), 1.79769e+308);
  for (const char* text : {"", "1.5x", "NULL_PTR", "?"}) EXPECT_FALSE(number_of(text)) << text;
}

TEST(LogValues, AWordHasNoPrefixAndNoNumber) {
  EXPECT_EQ(word_of("CUDA_R_16F(2)", "CUDA_"), "R_16F");
  EXPECT_EQ(word_of("CUDNN_DATA_HALF (2)", "CUDNN_DATA_"), "HALF");
  EXPECT_EQ(word_of("COL32", "ORDER_"), "COL32");
  EXPECT_EQ(word_of("", "ORDER_"), "");
}

}  // namespace
}  // namespace tw::capture
