// `extern __shared__` in kernels of others, on the cpu device.
#include "devices/cpu/compile/extern_shared.h"

#include <gtest/gtest.h>

#include <algorithm>

namespace tw::cpu {
namespace {

std::string replaced(const std::string& source) {
  return with_dynamic_shared({{"k.cu", source}}).at("k.cu");
}

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

TEST(ExternShared, MayHaveSeveralNamesOfEveryKind) {
  EXPECT_EQ(replaced("void f() { extern __shared__ float a[], s[][W + 1], t[64]; }"),
            "void f() { auto* const a = reinterpret_cast<float*>(tw_cpu::dynamic_shared()); "
            "auto* const s = reinterpret_cast<float(*)[W + 1]>(tw_cpu::dynamic_shared()); "
            "auto* const t = reinterpret_cast<float*>(tw_cpu::dynamic_shared()); }");
  EXPECT_EQ(
      replaced("void f() { extern __shared__ std::pair<int, T> s; }"),
      "void f() { auto& s = *reinterpret_cast<std::pair<int, T>*>(tw_cpu::dynamic_shared()); }");
  EXPECT_EQ(
      replaced("void f() { extern volatile __shared__ T *s[]; }"),
      "void f() { auto* const s = reinterpret_cast<volatile T **>(tw_cpu::dynamic_shared()); }");
  EXPECT_EQ(replaced("extern __shared__ int a[], b;\n"),
            "\n#define a (reinterpret_cast<int*>(tw_cpu::dynamic_shared()))"
            "\n#define b (*reinterpret_cast<int*>(tw_cpu::dynamic_shared()))"
            "\n#line 1 \"k.cu\"\n\n");
}

TEST(ExternShared, MayBeDeclaredByMacros) {
  const Texts sources{
      {"k.cu",
       "#define DYN extern __shared__ unsigned char\nvoid f() { DYN s[]; extern SHARED T t[]; }\n"},
      {"parts.cuh", "#  define SHARED __shared__ __align__(16) // of the block\n"}};
  EXPECT_EQ(with_dynamic_shared(sources).at("parts.cuh"), sources.at("parts.cuh"));
  EXPECT_EQ(with_dynamic_shared(sources).at("k.cu"),
            "#define DYN extern __shared__ unsigned char\nvoid f() { auto* const s = "
            "reinterpret_cast<unsigned char*>(tw_cpu::dynamic_shared()); auto* const t = "
            "reinterpret_cast<T*>(tw_cpu::dynamic_shared()); }\n");
  EXPECT_EQ(replaced("#define DECLARE(T, name) extern __shared__ T name[]\nint x;\n"),
            "#define DECLARE(T, name) auto* const name = "
            "reinterpret_cast<T*>(tw_cpu::dynamic_shared())\nint x;\n");
  EXPECT_EQ(replaced("#define DECLARE(T, name) \\\n  extern __shared__ T name[]; \\\n  f(name)\n"),
            "#define DECLARE(T, name) \\\n  auto* const name = "
            "reinterpret_cast<T*>(tw_cpu::dynamic_shared()); \\\n  f(name)\n");
  // A macro ends where its line does, and the other way of an #ifdef is not meant.
  const std::string two = "#ifdef OLD\n#define DYN\n#else\n#define DYN extern __shared__\n#endif\n";
  EXPECT_EQ(replaced(two + "struct S;\nvoid f() { DYN\n int s[]; }\n"),
            two +
                "struct S;\nvoid f() { auto* const s = "
                "reinterpret_cast<int*>(tw_cpu::dynamic_shared());\n }\n");
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
        "#define SHARED __shared__\nvoid f() { SHARED float s[64]; volatile int i; }\n",
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
