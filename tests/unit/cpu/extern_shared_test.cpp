// `extern __shared__` in kernels of others, on the cpu device.
#include "devices/cpu/compile/extern_shared.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace tw::cpu {
namespace {

std::string replaced(const std::string& source) { return with_dynamic_shared(source, "k.cu"); }

TEST(ExternShared, IsAPointerInAFunction) {
  EXPECT_EQ(replaced("void f() { extern __shared__ float tile[]; }"),
            "void f() { auto* const tile = reinterpret_cast<float*>(tw_cpu::dynamic_shared()); }");
  EXPECT_EQ(replaced("void f() { extern __shared__ __align__(16) unsigned char s[]; }"),
            "void f() { auto* const s = reinterpret_cast<unsigned "
            "char*>(tw_cpu::dynamic_shared()); }");
  EXPECT_EQ(replaced("void f() { extern __shared__ float s[][W + 1]; }"),
            "void f() { auto* const s = reinterpret_cast<float(*)[W + "
            "1]>(tw_cpu::dynamic_shared()); }");
  for (const char* declaration :
       {"extern __shared__ alignas(16) T s[];", "__shared__ extern T s[];",
        "extern volatile __shared__ T s[ ] ;", "extern __shared__ volatile std::pair<int, T> s[];",
        "extern __shared__ __attribute__((aligned(16))) T s[];"}) {
    const std::string text = replaced("void f() { " + std::string(declaration) + " }");
    EXPECT_EQ(text.find("extern"), text.npos) << text;
  }
}

TEST(ExternShared, IsAMacroAtNamespaceScope) {
  EXPECT_EQ(replaced("namespace a {\nextern __shared__ int s[];\nint x;\n}\n"),
            "namespace a {\n\n#define s (reinterpret_cast<int*>(tw_cpu::dynamic_shared()))\n"
            "#line 2 \"k.cu\"\n\nint x;\n}\n");
  const std::string nested =
      replaced("extern \"C\" {\nnamespace a { extern __shared__ int s[]; } }");
  EXPECT_NE(nested.find("#define s "), nested.npos) << nested;
}

TEST(ExternShared, LeavesAllElseAndKeepsLines) {
  for (const char* source :
       {"// extern __shared__ float s[];\n", "__shared__ float s[64];\n", "extern int s[];\n",
        "const char* s = \"a\";\nextern \"C\" __global__ void f(float* x) { x[0] = 1; }\n"}) {
    EXPECT_EQ(replaced(source), source);
  }
  const std::string source = "void f() {\n  extern\n  __shared__\n  float s[];\n  g();\n}\n";
  const std::string text = replaced(source);
  EXPECT_EQ(std::count(text.begin(), text.end(), '\n'),
            std::count(source.begin(), source.end(), '\n'));
}

}  // namespace
}  // namespace tw::cpu
