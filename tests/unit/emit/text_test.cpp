// Escaping and renaming: no data may become code, and only names may change in code.
#include "emit/header/text.h"

#include <gtest/gtest.h>

#include <map>

#include "core/base/texts.h"

namespace tw {
namespace {

TEST(CommentSafe, LeavesOrdinaryTextAlone) {
  EXPECT_EQ(comment_safe("NVIDIA H200, 4.8 TB/s (cc 90): a*b, 50 %"),
            "NVIDIA H200, 4.8 TB/s (cc 90): a*b, 50 %");
}

TEST(CommentSafe, EscapesWhatEndsOrContinuesAComment) {
  EXPECT_EQ(comment_safe("a\nb"), "a%0Ab");
  EXPECT_EQ(comment_safe("a\\"), "a%5C");
  EXPECT_EQ(comment_safe("a*/b"), "a*%2Fb");
  EXPECT_EQ(comment_safe("a/*b"), "a/%2Ab");
  EXPECT_EQ(comment_safe("a?\?/"), "a?%3F/");
  EXPECT_EQ(comment_safe("\xe2\x80\xae"), "%E2%80%AE");
}

// For every byte before every byte, the result is printable ASCII on one line.
TEST(CommentSafe, HoldsForAllPairsOfBytes) {
  for (int a = 0; a < 256; ++a) {
    for (int b = 0; b < 256; ++b) {
      const std::string safe =
          comment_safe(std::string{static_cast<char>(a), static_cast<char>(b)});
      for (const char c : safe) ASSERT_TRUE(c >= ' ' && c <= '~' && c != '\\') << a << ' ' << b;
      ASSERT_EQ(safe.find("*/"), std::string::npos);
      ASSERT_EQ(safe.find("?\?"), std::string::npos);
    }
  }
}

TEST(Comment, BreaksLongTextIntoLinesThatAreAllComments) {
  std::string text;
  for (int i = 0; i < 60; ++i) text += "word ";
  const std::string result = comment(text + std::string(150, 'x'), 2, 4);
  std::size_t begin = 0, lines = 0;
  while (begin < result.size()) {
    const std::size_t end = result.find('\n', begin);
    ASSERT_NE(end, std::string::npos);
    const std::string line = result.substr(begin, end - begin);
    EXPECT_EQ(line.substr(0, 4), "  //");
    EXPECT_TRUE(line.size() <= 100 || line.find("word") == std::string::npos) << line;
    begin = end + 1;
    ++lines;
  }
  EXPECT_GT(lines, 3U);
}

TEST(StringLiteral, KeepsEveryByteAndEndsNowhereElse) {
  EXPECT_EQ(string_literal("a\"b\\c\n?\x80z"), "\"a\\042b\\134c\\012\\077\\200z\"");
}

TEST(CppName, GetsOutOfTheWayOfKeywordsAndMacros) {
  EXPECT_EQ(cpp_name("new"), "new_");
  EXPECT_EQ(cpp_name("NULL"), "NULL_");
  EXPECT_EQ(cpp_name("linux"), "linux_");
  EXPECT_EQ(cpp_name("n"), "n");
}

TEST(Wrapped, BreaksAtTheOutermostCommaAndNotInStrings) {
  const std::string inner = "f(" + std::string(42, 'a') + ", " + std::string(42, 'b') + ")";
  EXPECT_EQ(wrapped("  g(first, " + inner + ");\n"), "  g(first,\n      " + inner + ");\n");
  const std::string quoted =
      "  return \"" + std::string(60, 'a') + ", " + std::string(60, 'b') + "\";\n";
  EXPECT_EQ(wrapped(quoted), quoted);
}

class Renamed : public testing::Test {
 protected:
  const Renaming renaming_{"1a2b3c4d", {"tw"}};
  std::string tokens(std::string_view text) const { return renamed_tokens(text, renaming_); }
};

TEST_F(Renamed, RootsAndMacrosCarryTheDigest) {
  EXPECT_EQ(tokens("namespace tw::gemm { tw::min(a.tw); TW_UNROLL }"),
            "namespace tw_1a2b3c4d::gemm { tw_1a2b3c4d::min(a.tw_1a2b3c4d); TW_1A2B3C4D_UNROLL }");
}

TEST_F(Renamed, OtherNamesDoNot) {
  for (const char* same : {"tw_cpu::wait()", "two", "MY_TW_X", "xtw", "TWO", "TW", "_tw", "tw1"}) {
    EXPECT_EQ(tokens(same), same);
  }
}

TEST_F(Renamed, CommentsAndLiteralsDoNot) {
  for (const char* same :
       {"// tw \\\n tw\n", "/* tw\n TW_X */", "\"tw \\\" tw\"", "'\\''", "R\"x(tw \" )\" tw)x\"",
        "1'000'000", "0x1Fu", "u8R\"(tw)\"", "// don't: tw"}) {
    EXPECT_EQ(tokens(same), same);
  }
  EXPECT_EQ(tokens("#error don't\ntw"), "#error don't\ntw_1a2b3c4d");
  EXPECT_EQ(tokens("'a' tw \"b\" tw"), "'a' tw_1a2b3c4d \"b\" tw_1a2b3c4d");
}

TEST_F(Renamed, SourcesIncludeEachOtherByRelativePath) {
  const Texts sources{{"gemm/simt.cuh",
                       "// drawing\n#pragma once\n#include <cstdint>\n#include \"gemm/op.cuh\"\n"
                       "  #  include \"near.cuh\"  // beside\n#include \"elsewhere.h\"\nint tw;\n"},
                      {"gemm/op.cuh", ""},
                      {"gemm/near.cuh", ""}};
  EXPECT_EQ(renamed_source("gemm/simt.cuh", sources, renaming_),
            "#ifndef TILEWRIGHT_1a2b3c4d_gemm_2Fsimt_2Ecuh\n"
            "#define TILEWRIGHT_1a2b3c4d_gemm_2Fsimt_2Ecuh\n"
            "// drawing\n#include <cstdint>\n#include \"../gemm/op.cuh\"\n"
            "#include \"../gemm/near.cuh\"\n#include \"elsewhere.h\"\nint tw_1a2b3c4d;\n"
            "\n#endif  // TILEWRIGHT_1a2b3c4d_gemm_2Fsimt_2Ecuh\n");
}

TEST_F(Renamed, SystemHeadersDoNot) {
  const Renaming renaming{"1a2b3c4d", {"math"}};
  const Texts sources{{"k.cuh", "#include <math.h>\n # include <math/math>\nmath::x;\n"}};
  const std::string result = renamed_source("k.cuh", sources, renaming);
  EXPECT_NE(result.find("#include <math.h>\n # include <math/math>\nmath_1a2b3c4d::x;\n"),
            std::string::npos)
      << result;
}

TEST(Escaped, GivesNoTwoTextsOneResult) {
  EXPECT_EQ(escaped("a/b.cuh"), "a_2Fb_2Ecuh");
  std::map<std::string, std::string> seen;
  for (const char* text :
       {"a/b", "a_b", "a-b", "A/b", "a__b", "a_/b", "a_2Fb", "a.b", "ab", "a b"}) {
    EXPECT_TRUE(seen.emplace(escaped(text), text).second) << text << " and " << seen[escaped(text)];
  }
}

TEST(HeaderName, GetsOutOfTheWayOfSystemHeaders) {
  EXPECT_EQ(header_name("math"), "math_");
  EXPECT_EQ(header_name("mma"), "mma_");
  EXPECT_EQ(header_name("gemm"), "gemm");
}

}  // namespace
}  // namespace tw
