// Parts of texts, numbers in them, and words for a shell.
#include "core/text/words.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "core/text/shell_word.h"

namespace tw {
namespace {

using Parts = std::vector<std::string>;

TEST(Words, PartsMayBeEmpty) {
  EXPECT_EQ(split("a,b", ','), (Parts{"a", "b"}));
  EXPECT_EQ(split(",a,", ','), (Parts{"", "a", ""}));
  EXPECT_EQ(split("", ','), Parts{""});
}

TEST(Words, ANumberIsTheWholeText) {
  EXPECT_EQ(integer_from("-12"), -12);
  EXPECT_EQ(integer_from("9223372036854775807"), 9223372036854775807);
  for (const char* text : {"", "12x", " 12", "?", "99999999999999999999"}) {
    EXPECT_FALSE(integer_from(text)) << text;
  }
}

TEST(Words, AShellReadsThemAsTheyAre) {
  EXPECT_EQ(shell_word("/tmp/a-b_1.db"), "/tmp/a-b_1.db");
  EXPECT_EQ(shell_word("a b"), "'a b'");
  EXPECT_EQ(shell_word("$(x)"), "'$(x)'");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_word(""), "''");
}

}  // namespace
}  // namespace tw
