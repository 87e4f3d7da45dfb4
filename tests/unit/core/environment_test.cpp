// The environment of a program that is started.
#include "core/base/environment.h"

#include <gmock/gmock.h>

#include "unit/support/variable.h"

namespace tw {
namespace {

using testing::Contains;
using testing::Not;

TEST(Environment, AddsReplacesAndRemoves) {
  const Variable one("TW_TEST_A", "old"), longer("TW_TEST_AB", "kept"), other("TW_TEST_B", "gone");
  const std::vector<std::string> all = environment_with({"TW_TEST_A=a new"}, {"TW_TEST_B"});
  EXPECT_THAT(all, Contains("TW_TEST_A=a new"));
  EXPECT_THAT(all, Not(Contains("TW_TEST_A=old")));
  EXPECT_THAT(all, Contains("TW_TEST_AB=kept"));
  EXPECT_THAT(all, Not(Contains("TW_TEST_B=gone")));
  EXPECT_THAT(environment_with({}), Contains("TW_TEST_B=gone"));
}

TEST(Environment, PointersEndWithANull) {
  std::vector<std::string> texts{"a", "b"};
  const std::vector<char*> pointers = pointers_to(texts);
  ASSERT_EQ(pointers.size(), 3u);
  EXPECT_STREQ(pointers[1], "b");
  EXPECT_EQ(pointers[2], nullptr);
}

}  // namespace
}  // namespace tw
