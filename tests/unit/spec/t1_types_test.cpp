// The types and references of a T1 file are compared with the source and with its vectors.
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "unit/spec/t1_files.h"

namespace tw {
namespace {

using testing::HasSubstr;

constexpr const char* base = R"({
  "ConfigurationSpace": {"TuningParameters": [
    {"Name": "BLOCK", "Type": "int", "Values": "[32, 64]", "Default": 64}]},
  "KernelSpecification": {
    "Language": "CUDA",
    "KernelName": "add",
    "KernelFile": "add.cu",
    "GlobalSize": {"X": "4096 // BLOCK"},
    "LocalSize": {"X": "BLOCK"},
    "Arguments": [
      {"Name": "a", "Type": "float", "MemoryType": "Vector", "AccessType": "ReadOnly",
       "Size": 4096},
      {"Name": "b", "Type": "float", "MemoryType": "Vector", "AccessType": "WriteOnly",
       "Size": 4096},
      {"Name": "f", "Type": "float", "MemoryType": "Scalar", "FillValue": 0.5},
      {"Name": "n", "Type": "int32", "MemoryType": "Scalar", "FillValue": 4096}
    ]
  }
})";

std::string changed(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

class T1Types : public T1Files {
 protected:
  void SetUp() override {
    T1Files::SetUp();
    write("add.cu", kernel("const T* a, T* b, T f, int n"));
  }
  static std::string kernel(const std::string& parameters) {
    return "__global__ void add(" + parameters + ") {}\n";
  }
};

// The compiled kernel would take the bytes as they are.
TEST_F(T1Types, ArgumentsHaveTheTypesOfTheParameters) {
  const auto with = [&](const std::string& parameters) {
    write("add.cu", kernel(parameters));
    return fault_of(base);
  };
  for (const char* right :
       {"const float* a, float* __restrict__ b, float f, int n", "T* a, T* b, T f, int n",
        "float4 const* a, void* b, const float f, unsigned n",
        "char* a, S* b, float f, const int n", "float* a, float* b",
        "real* a, real* b, real f, size n", "const int4* a, unsigned* b, float f, int n",
        "float* a, float* b, float f, int n [[maybe_unused]]",
        "float* a, float* b, float f, bool n"}) {
    EXPECT_EQ(with(right), "") << right;
  }
  EXPECT_EQ(with("const double* a, float* b, float f, int n"),
            "x.json:10:18: KernelSpecification.Arguments: argument 1, a, is f32, and the kernel's "
            "parameter, 'const double* a', points to f64: mend one of them");
  EXPECT_THAT(with("float* a, half* b, float f, int n"),
              HasSubstr("argument 2, b, is f32, and the kernel's parameter, 'half* b', points to"));
  EXPECT_THAT(with("float* a, float* b, int f, int n"),
              HasSubstr("argument 3, f, is f32, and the kernel's parameter, 'int f', is i32"));
  EXPECT_THAT(with("float* a, float* b, float f, float n"),
              HasSubstr("n, is i32, and the kernel's parameter, 'float n', is f32"));
  EXPECT_THAT(with("float* a, float b, float f, int n"), HasSubstr("'float b', is no pointer"));
  EXPECT_THAT(with("float* a, float* b, float* f, int n"), HasSubstr("'float* f', is a pointer"));
  EXPECT_THAT(with("float* a, float* b, float f, long long n"), HasSubstr("'long long n', is i64"));
  // A null pointer.
  write("add.cu", kernel("float* a, float* b, float f, float* n"));
  EXPECT_EQ(fault_of(changed(base, R"("int32")", R"("int64")")), "");
  // Names with another meaning, and kernels that are perhaps not compiled.
  for (const char* source :
       {"using half = float;\n__global__ void add(half* a, half* b, half f, int n) {}",
        "typedef float half;\n__global__ void add(half* a, half* b, half f, int n) {}",
        "#define uint float\n__global__ void add(T* a, T* b, uint f, int n) {}",
        "#if 0\n__global__ void add(double* a, T* b, T f, int n) {}\n#endif\nKERNEL(add)"}) {
    write("add.cu", source);
    EXPECT_EQ(fault_of(base), "") << source;
  }
  // The compiler tells overloads apart.
  write("add.cu", kernel("int* a, int* b, int f, int n") + kernel("T* a, T* b, T f, int n"));
  EXPECT_EQ(fault_of(base), "");
}

TEST_F(T1Types, SymbolsHaveTheTypesOfTheSource) {
  const auto with = [&](const std::string& symbol) {
    write("add.cu", symbol + "\n" + kernel("T* b, T f, int n"));
    return fault_of(changed(base, R"("MemoryType": "Vector")", R"("MemoryType": "Symbol")"));
  };
  for (const char* right :
       {"__constant__ float a[4096];", "static __constant__ const float4 a[N];",
        "__constant__ T a[1];", "extern __constant__ float a[4096];",
        "// __constant__ int a[9];\n__constant__ float a[4096];",
        "__constant__ int b[3];\n__constant__ float a[4096];",
        "#ifdef D\n__constant__ double a[4];\n#else\n__constant__ float a[4096];\n#endif",
        "namespace old { __constant__ double a[5]; }\n__constant__ float a[4096];"}) {
    EXPECT_EQ(with(right), "") << right;
  }
  EXPECT_THAT(
      with("__constant__ half a[4096];"),
      HasSubstr("a is f32, and the source declares '__constant__ half a': mend one of them"));
  EXPECT_THAT(with("__constant__ const  double a[4096];"), HasSubstr("double a'"));
}

TEST_F(T1Types, EachReferenceIsForAResult) {
  const std::string fixed = changed(base, R"("ReadOnly",)", R"("ReadOnly", "FillType": "Constant",
                                                                "FillValue": 1,)");
  const auto with = [&](const std::string& references) {
    return changed(fixed, R"("Arguments": [)",
                   R"("ReferenceArguments": [)" + references + R"(], "Arguments": [)");
  };
  const auto reference = [](const std::string& target) {
    return R"({"TargetName": ")" + target + R"(", "FillType": "Generator", "DataSource": "i"})";
  };
  EXPECT_EQ(fault_of(with(reference("b"))), "");
  EXPECT_THAT(fault_of(with(reference("B"))),
              HasSubstr("ReferenceArguments[0].TargetName = \"B\": 'B' is no vector that the "
                        "kernel writes: write one of b"));
  EXPECT_THAT(fault_of(with(reference("b") + "," + reference("a"))),
              HasSubstr("ReferenceArguments[1].TargetName = \"a\": 'a' is no vector that"));
  EXPECT_THAT(fault_of(with(reference("b") + "," + reference("b"))),
              HasSubstr("ReferenceArguments[1].TargetName = \"b\": 'b' has a reference already"));
  EXPECT_THAT(fault_of(changed(with(reference("b")), "ReadOnly", "ReadWrite")),
              HasSubstr("KernelSpecification.ReferenceArguments: lacks the vector 'a', which the "
                        "kernel writes: give all such vectors a reference, or none"));
  // The content of a result that is not initialised does not matter.
  const std::string both =
      changed(with(reference("b") + "," + reference("a")), "ReadOnly", "ReadWrite");
  for (const char* fill : {R"("FillType": "Uninitialized")", R"("FillType": "Random")"}) {
    const std::string text = changed(both, R"("FillType": "Constant")", fill);
    EXPECT_EQ(fault_of(changed(text, R"("FillValue": 1)", R"("FillValue": 0)")), "") << fill;
  }
  EXPECT_THAT(fault_of(changed(with(reference("b")), "\"FillType\": \"Constant\"",
                               "\"FillType\": \"Random\"")),
              HasSubstr("KernelSpecification.Arguments[0]: 'a' is random, so that no reference can "
                        "be right: add a FillType"));
}

TEST_F(T1Types, APlaceIsSaidOnce) {
  const std::string fault = fault_of(changed(base, R"("Size": 4096)", R"("Size": [4096])"));
  EXPECT_EQ(fault,
            "x.json:12:16: KernelSpecification.Arguments[0].Size: is neither a number nor a text: "
            "write one of them");
}

TEST_F(T1Types, IntegersHaveNoThreshold) {
  const auto with = [](const std::string& threshold) {
    const std::string fixed = changed(base, R"("ReadOnly",)", R"("ReadOnly", "FillType": "Constant",
                                                                  "FillValue": 1,)");
    const std::string text = changed(
        fixed, R"("Arguments": [)",
        R"("ReferenceArguments": [{"TargetName": "b", "FillType": "Generator", "DataSource": "i", )"
        R"("ValidationThreshold": )" +
            threshold + R"(}], "Arguments": [)");
    return changed(text, R"("Name": "b", "Type": "float")", R"("Name": "b", "Type": "int32")");
  };
  EXPECT_EQ(fault_of(with("0.5")), "") << "no integer is wrong by less than 1";
  EXPECT_THAT(fault_of(with("1.5")),
              HasSubstr("ValidationThreshold = 1.5: cannot be: integers are compared exactly, so "
                        "write 0"));
}

TEST_F(T1Types, TheBytesOfStructsAreNoticed) {
  const std::vector<std::string> notices =
      load(changed(base, R"("Name": "b", "Type": "float",)",
                   R"("Name": "b", "Type": "custom", "TypeSize": 8,)"))
          .notices();
  ASSERT_EQ(notices.size(), 1u);
  EXPECT_THAT(notices[0], HasSubstr("b: all bytes of its structs are compared, padding too"));
}

// A declaration under a knob's name, which the macro would replace, is a fault only if it is surely
// compiled.
TEST_F(T1Types, NamesOfKnobsAreNotDeclared) {
  const auto with = [&](const std::string& before, const std::string& body = "") {
    write("add.cu", before + "\n__global__ void add(T* a, T* b, T f, int n) {" + body + "}\n");
    return fault_of(base);
  };
  for (const char* before :
       {"#ifndef BLOCK\nconst int BLOCK = 64;\n#endif",
        "#ifndef TUNED\nconst int BLOCK = 64;\n#endif", "#if 0\nint BLOCK;\n#endif",
        "#if !defined(A) && \\\n  defined(B)\nint BLOCK;\n#endif",
        "/* c */ #ifndef A\nint BLOCK;\n#endif", "#undef BLOCK\nconst int BLOCK = 64;",
        "#define TILE BLOCK\n[[maybe_unused]] int x;"}) {
    EXPECT_EQ(with(before), "") << before;
  }
  for (const char* body :
       {R"(printf("with BLOCK=%d\n", BLOCK);)",
        R"(static_assert(BLOCK <= 1024, "choose BLOCK, so that it fits");)",
        "bool x = a or BLOCK; bool y = (not BLOCK);", "if (n > 3 and BLOCK) return BLOCK;"}) {
    EXPECT_EQ(with("", body), "") << body;
  }
  EXPECT_THAT(with("const int BLOCK = 64;"), HasSubstr("'BLOCK' cannot be a macro of the source"));
  EXPECT_THAT(with("", "int BLOCK = 3;"), HasSubstr("because add.cu declares this name itself"));
  EXPECT_THAT(with("#ifndef GUARD\n#define GUARD\nint BLOCK;\n", "}\n#endif\n//"),
              HasSubstr("'BLOCK' cannot be a macro of the source"));
}

}  // namespace
}  // namespace tw
