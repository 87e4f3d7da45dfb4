// Kernels that are tuned straight from their source.
#include <SQLiteCpp/SQLiteCpp.h>

#include <nlohmann/json.hpp>

#include "core/spec/sources.h"
#include "devices/cpu/emulation/sanitizer.h"
#include "unit/cli/fixture.h"
#include "unit/support/paths.h"

namespace tw {
namespace {

class FromSource : public Cli {
 protected:
  // Returns the only result of a command that has --json.
  nlohmann::json result_of(const std::string& arguments) {
    const Ran ran = tune(arguments + " --device cpu --trust-code --quiet --race 0 --json");
    EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
    err_ = ran.err;
    if (ran.code != 0) return {};
    return nlohmann::json::parse(ran.out).at("results").at(0);
  }
  // Expects that `count` configurations end with `outcome`, and no other.
  void expect_all(const nlohmann::json& result, const std::string& outcome, int count) {
    EXPECT_EQ(result.at("outcomes").size(), 1u) << result.at("outcomes");
    EXPECT_EQ(result.at("outcomes").value(outcome, 0), count) << result.at("outcomes");
  }
  std::string err_;
};

const std::string saxpy =
    "--kernel saxpy.cu:saxpy --knob BLOCK=64,96,128 --knob VEC=1,2 --when 'BLOCK*VEC<=192' "
    "--grid 'ceil_div(n, BLOCK*VEC)' --block BLOCK --arg 'f32[n]:in' --arg 'f32[n]:inout' "
    "--arg 2.5f --arg n --size 'n=1<<10'";

TEST_F(FromSource, TunesAKernelAndFindsAWrongConfiguration) {
  fs::copy(test_data("source/saxpy.cu"), folder_);
  expect_fault(saxpy + " --device cpu", {"--trust-code"});
  const nlohmann::json result = result_of(saxpy);
  EXPECT_EQ(result.at("problem"), "saxpy f32 n=1024");
  EXPECT_EQ(result.at("oracle"), "default");
  EXPECT_EQ(result.at("outcomes").at("ok"), 3) << result.at("outcomes");
  EXPECT_EQ(result.at("outcomes").at("wrong_result"), 2) << result.at("outcomes");
  // Another size is another problem, however it is given.
  EXPECT_EQ(result_of(saxpy + " --shape n=1000").at("problem"), "saxpy f32 n=1000");
  const Ran again = tune(saxpy + " --device cpu --trust-code --quiet --race 0 --shape n=1024");
  EXPECT_NE(again.out.find("0 new, 5 known"), std::string::npos) << again.out << again.err;
}

TEST_F(FromSource, ASavedSpecIsTheSameKernel) {
  fs::create_directory(folder_ / "mine");
  write("mine/parts.cuh",
        "#pragma once\ninline __device__ float twice(float x) { return 2 * x; }\n");
  write("mine/twice.cu",
        "#include \"parts.cuh\"\n"
        "extern \"C\" __global__ void twice_all(const float* x, float* y) {\n"
        "  y[blockIdx.x * BLOCK + threadIdx.x] = twice(x[blockIdx.x * BLOCK + threadIdx.x]);\n}\n");
  const std::string own =
      "--kernel mine/twice.cu --knob BLOCK=32,64 --grid n/BLOCK --block BLOCK --arg 'float[n]:in' "
      "--arg 'float[n]:out' --size n=256 ";
  const std::string run = " --device cpu --trust-code --quiet --race 0";
  const Ran ran = tune(own + "--save-spec kept/here" + run);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.out.find("2 new, 0 known"), std::string::npos) << ran.out;
  for (const char* file : {"op.toml", "twice_all.toml", "twice.cu", "parts.cuh"}) {
    EXPECT_TRUE(fs::exists(folder_ / "kept/here" / file)) << file;
  }
  const Ran spec = tune("--spec kept/here/op.toml" + run);
  EXPECT_NE(spec.out.find("0 new, 2 known"), std::string::npos) << spec.out << spec.err;
  EXPECT_NE(spec.out.find("twice_all f32 n=256"), std::string::npos) << spec.out;
  // The same spec may be saved again, another one may not replace it.
  EXPECT_EQ(tune(own + "--save-spec kept/here" + run).code, 0);
  expect_fault(own + "--knob MORE=1 --save-spec kept/here" + run,
               {"--save-spec kept/here", "twice_all.toml is there already"});
  EXPECT_EQ(tune("ops " + own + "--save-spec .").code, 0);
  EXPECT_TRUE(fs::exists(folder_ / "op.toml"));
}

TEST_F(FromSource, KnobsCanBeTemplateArguments) {
  write("scale.cu", R"cu(
namespace shop {
template <class T, int BLOCK, int V>
__global__ void scale(T* x, T factor, unsigned count) {
  const unsigned i = blockIdx.x * BLOCK + threadIdx.x;
  for (unsigned k = i * V; k < i * V + V && k < count; ++k) x[k] *= factor + (BLOCK == 64 && V == 2);
}
}
)cu");
  write("with_struct.cu", R"cu(
namespace shop {
struct Config { int block, vec; };
template <Config C>
__global__ void with_struct(float* x) {
  static_assert(C.vec == VEC);
  x[blockIdx.x * C.block + threadIdx.x] += 1;
}
}
)cu");
  const std::string more =
      " --knob BLOCK=32,64 --knob VEC=1,2 --block BLOCK --size n=256 --arg 'f32[n]:inout' ";
  const std::string scale = more + "--grid 'ceil_div(n, BLOCK*VEC)' --arg 3f --arg 'u32(n)'";
  expect_all(
      result_of("--kernel 'scale.cu:shop::scale<float, $BLOCK, 1>'" + scale + " --when 'VEC==1'"),
      "ok", 2);
  const nlohmann::json bare = result_of("--kernel 'scale.cu:scale<float, BLOCK, VEC>'" + scale);
  EXPECT_EQ(bare.at("outcomes").at("ok"), 3) << bare.at("outcomes");
  EXPECT_EQ(bare.at("outcomes").at("wrong_result"), 1) << bare.at("outcomes");
  expect_all(result_of("--kernel 'with_struct.cu:with_struct<shop::Config{$BLOCK, 1}>'" + more +
                       "--grid n/BLOCK --when VEC==1"),
             "ok", 2);
  expect_fault(
      "--kernel scale.cu:scale --device cpu --trust-code" + scale,
      {"is a template: name an instance of it, as in 'scale.cu:shop::scale<T, $BLOCK, V>'"});
}

TEST_F(FromSource, TakesVectorsSharedMemoryAndThreeExtents) {
  write("sum.cu", R"cu(
#define SHARED(name) extern __shared__ float name[]
__global__ void sum(const float4* x, float2* y, uchar4* z, int rows) {
  SHARED(part);
  const int row = blockIdx.y, column = blockIdx.x * TX + threadIdx.x;
  const int at = row * gridDim.x * TX + column;
  part[threadIdx.x] = x[at].x + x[at].y + x[at].z + x[at].w;
  __syncthreads();
  y[at] = {part[threadIdx.x], part[0]};
  z[at] = {1, 2, 3, static_cast<unsigned char>(rows)};
}
)cu");
  const nlohmann::json result = result_of(
      "--kernel sum.cu --knob TX=32 --grid 'm / TX, n, 1' --block TX --smem TX*4 --size m=64 "
      "--size n=m/8 --arg 'float4[n][m]:in' --arg 'float2[n,m]:out' --arg 'uchar4[n,m]:out' "
      "--arg n");
  EXPECT_EQ(result.at("problem"), "sum f32 m=64,n=8");
  expect_all(result, "ok", 1);
}

TEST_F(FromSource, TakesEverySpecifierOfMemory) {
  // AddressSanitizer needs another kind of variable, which is static already.
  const std::string own = cpu::has_asan ? "" : "static ";
  write("forms.cu", R"cu(
#define DYNAMIC extern __shared__
extern __constant__ float one[2];
__constant__ float one[2] = {1, 2};
static __constant__ float other[2] = {3, 4};
__device__ float* second() { DYNAMIC float all[]; return all + BLOCK; }
__global__ void forms(const float* x, float* y) {
  extern __shared__ float whole[], same[];
  )cu" + own + R"cu(__shared__ float fixed[BLOCK];
  const int me = threadIdx.x, i = blockIdx.x * BLOCK + me;
  fixed[me] = x[i];
  whole[me] = one[1] * x[i];
  second()[me] = other[0] * x[i];
  __syncthreads();
  y[i] = fixed[me ^ 1] + same[me ^ 1] + same[BLOCK + (me ^ 1)];
}
)cu");
  const std::string flags =
      " --knob BLOCK=32,64 --grid n/BLOCK --block BLOCK --size n=256 --arg 'f32[n]:in' "
      "--arg 'f32[n]:out' ";
  expect_all(result_of("--kernel forms.cu" + flags +
                       "--smem 2*BLOCK*4 --values x=iota "
                       "--expected 'y=formula(6 * (i + 1 - 2 * (i % 2)))'"),
             "ok", 2);
  if (cpu::has_asan) return;
  write("hidden.cu",
        "#define SHARED(T) extern __shared__ T\n"
        "__global__ void hidden(const float* x, float* y) {\n  SHARED(float) tile[];\n"
        "  y[blockIdx.x * BLOCK + threadIdx.x] = tile[threadIdx.x];\n}\n");
  const Ran ran = tune("--kernel hidden.cu --device cpu --trust-code --quiet" + flags);
  EXPECT_NE(ran.out.find("the source declares tile and does not define it: define it, or declare "
                         "dynamic shared memory as in extern __shared__ float tile[];"),
            std::string::npos)
      << ran.out << ran.err;
}

TEST_F(FromSource, AKernelMayHaveANameOfTheHostsLibrary) {
  for (const std::string name : {"index", "div", "remove", "select", "y1", "signgam", "random"}) {
    write(name + ".cu", "#include <stdlib.h>\n#include <cmath>\n" +
                            std::string(name == "random" ? "extern \"C\" " : "") +
                            "__global__ void " + name +
                            "(const float* x, float* y, int n) {\n"
                            "  const int i = blockIdx.x * BLOCK + threadIdx.x;\n"
                            "  if (i < n) y[i] = fabsf(x[i]);\n}\n");
    expect_all(result_of("--kernel " + name + ".cu:" + name +
                         " --knob BLOCK=64 --grid 'ceil_div(n, BLOCK)' --block BLOCK --size n=100 "
                         "--arg 'f32[n]:in' --arg 'f32[n]:out' --arg n"),
               "ok", 1);
  }
  // Messages have the name of the source.
  write("exp.cu", "__global__ void exp(const float* x, float* y) { exp(); }\n");
  const Ran ran = tune(
      "--kernel exp.cu --knob BLOCK=64 --grid 1 --block BLOCK --size n=64 --quiet "
      "--arg 'f32[n]:in' --arg 'f32[n]:out' --device cpu --trust-code");
  const std::size_t at = ran.out.find("compile_failed: exp.cu:1:");
  ASSERT_NE(at, std::string::npos) << ran.out << ran.err;
  EXPECT_NE(ran.out.find("'void exp(", at), std::string::npos) << ran.out;
}

// One configuration compares what is passed with what is right, the default does not.
TEST_F(FromSource, PassesNumbersOfEveryType) {
  write("all.cu", R"cu(
__global__ void all(int* out, float f, double d, signed char i8, unsigned char u8, short i16,
                    unsigned short u16, int i32, unsigned u32, long long i64,
                    unsigned long long u64, unsigned short half, unsigned short bfloat, bool yes,
                    double top, size_t count, float size) {
  const double passed[] = {f, d, double(i8), double(u8), double(i16), double(u16), double(i32),
                           double(u32), double(i64), double(u64 >> 1), double(half), double(bfloat),
                           double(yes), top, double(count), size};
  const double right[] = {2.5, -0.1, -3, 255, -300, 65535, -70000, 4294967295.0, -3e9,
                          9223372036854775807.0, 0x3800, 0x4000, 1, 1e300, 32, 16};
  out[threadIdx.x] = RIGHT || passed[threadIdx.x] == right[threadIdx.x];
}
)cu");
  const std::string arguments =
      "--kernel all.cu --knob RIGHT=1,0 --grid 1 --block n --size n=16 --arg 'i32[n]:out' "
      "--arg 2.5f --arg=-0.1 --arg 'i8(-3)' --arg 'u8(255)' --arg 'i16(-300)' --arg 'u16(65535)' "
      "--arg -70000 --arg 4294967295u --arg=-3000000000ll --arg 18446744073709551615ull ";
  const std::string rest = "--arg 'size_t(n*2)' --arg 'float(n)' ";
  expect_all(result_of(arguments +
                       "--arg 'u16(0x3800)' --arg 'u16(0x4000)' --arg true "
                       "--arg 1e300 " +
                       rest),
             "ok", 2);
  // The bits of f16 and bf16, for kernels whose own types hide what they are.
  std::string text = text_of_file(folder_ / "all.cu");
  text.insert(0, "struct Half { unsigned short bits; };\n");
  for (const char* name : {"half", "bfloat"}) {
    text.replace(text.find("unsigned short " + std::string(name)), 14, "Half");
    text.replace(text.find("double(" + std::string(name)) + 7, std::string(name).size(),
                 std::string(name) + ".bits");
  }
  write("all.cu", text);
  expect_all(
      result_of(arguments + "--arg 'f16(0.5)' --arg 'bf16(2)' --arg true --arg 1e300 " + rest),
      "ok", 2);
  const nlohmann::json wrong =
      result_of(arguments + "--arg 'f16(0.5)' --arg 'bf16(2)' --arg false --arg 1e300 " + rest);
  EXPECT_EQ(wrong.at("outcomes").value("wrong_result", 0), 1) << wrong.at("outcomes");
}

TEST_F(FromSource, FaultsAreInTheWordsOfTheUser) {
  fs::copy(test_data("source/saxpy.cu"), folder_);
  const auto replaced = [](const std::string& from, const std::string& to) {
    std::string text = saxpy;
    return text.replace(text.find(from), from.size(), to);
  };
  expect_fault(replaced("f32[n]:inout", "f32[n]:inn"),
               {"--arg 'f32[n]:inn': role 'inn' is unknown: use in, out or inout"});
  expect_fault(replaced("saxpy.cu:saxpy", "saxpy.cu:saxpi"),
               {"saxpy.cu has no kernel 'saxpi': its kernels are saxpy"});
  expect_fault(replaced("saxpy.cu:saxpy", "none.cu:saxpy"), {"none.cu: there is no such file"});
  expect_fault(replaced("saxpy.cu:saxpy", "no/such.cu"), {"'no/such.cu': there is no such file"});
  expect_fault(replaced("--block BLOCK", ""), {"no --block", "--kernel FILE.cu:NAME"});
  expect_fault(replaced("ceil_div(n, BLOCK*VEC)", "ceil_div(m, BLOCK)"),
               {"--grid 'ceil_div(m, BLOCK)'", "'m'"});
  expect_fault(replaced("2.5f", "2.5"), {"'float a', is not f64: write f32(2.5)"});
  expect_fault("--op gemm --shape 8x8x8 --knob A=1", {"--knob", "give --kernel FILE.cu:NAME"});
  expect_fault("--spec op.toml --kernel saxpy.cu:saxpy", {"exclude each other"});
  expect_fault("--spec op.toml --grid 1", {"--grid", "either --spec or --kernel"});
}

TEST_F(FromSource, IsExplainedByTheHelp) {
  const Ran help = tune("run --help");
  for (const char* part : {"--knob", "--save-spec", "saxpy.cu:saxpy", "ceil_div(n, BLOCK*VEC)"}) {
    EXPECT_NE(help.out.find(part), std::string::npos) << part << help.out;
  }
  EXPECT_NE(tune("--help").out.find("--kernel saxpy.cu:saxpy"), std::string::npos);
}

TEST_F(FromSource, AWinnerGoesHomeAsAHeader) {
  fs::copy(test_data("source/saxpy.cu"), folder_);
  const Ran first = tune(saxpy + " --device cpu --trust-code --race 0");
  EXPECT_NE(first.err.find("next: add --save-spec FOLDER, then tune emit --spec"),
            std::string::npos);
  const Ran saved = tune(saxpy + " --device cpu --trust-code --race 0 --save-spec kept");
  EXPECT_NE(saved.err.find("next: tune emit --spec kept/op.toml --out tuned"), std::string::npos)
      << saved.out;
  const std::string emit = "emit --spec kept/op.toml --source cpu ";
  const Ran ran = tune(emit + "--out tuned --trust-code --check-shapes 4");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.out.find("checked on"), std::string::npos) << ran.out;
  EXPECT_NE(read_text_file(folder_ / "tuned/saxpy.h").find("  float a = 2.5;\n"),
            std::string::npos);
  // The header's .cu has the name of the source, which stays.
  expect_fault(emit + "--out kept --check off",
               {"cannot write kept/saxpy.cu: a file of that name is there"});
  EXPECT_EQ(tune(emit + "--out tuned --check off").code, 0);  // its own files are replaced
  EXPECT_EQ(tune(emit + "--out plain --format defines").code, 0);
  EXPECT_EQ(tune(emit + "--out plain --format json").code, 0);
  EXPECT_EQ(tune(emit + "--out plain --format json").code, 0);
  write("kept/saxpy.json", "{\"ConfigurationSpace\": {}}");
  expect_fault(emit + "--out kept --format json", {"cannot write kept/saxpy.json: a file of that"});
  EXPECT_NE(read_text_file(folder_ / "plain/saxpy.json").find("\"entry\": \"saxpy\""),
            std::string::npos);
}

// Names that would be equal in a header are no fault of other forms.
TEST_F(FromSource, NamesOfAHeaderDoNotMatterElsewhere) {
  write("same.cu",
        "__global__ void same(const float* Args, float* y) { y[0] = Args[0] * BLOCK; }\n");
  const Ran tuned = tune(
      "--kernel same.cu --knob BLOCK=32 --grid 1 --block BLOCK --size n=1 --arg 'f32[n]:in' "
      "--arg 'f32[n]:out' --save-spec kept --device cpu --trust-code --quiet --race 0");
  EXPECT_EQ(tuned.code, 0) << tuned.err;
  const std::string emit = "emit --spec kept/op.toml --source cpu --out tuned ";
  expect_fault(emit + "--check cpu --trust-code", {"'Args' would be two names in a header"});
  for (const char* format : {"json", "defines"}) {
    const Ran ran = tune(emit + "--format " + format);
    EXPECT_EQ(ran.code, 0) << format << ran.err;
  }
}

// Calls with less alignment than float4 has are neither checked nor served.
TEST_F(FromSource, AHeaderAsksForTheAlignmentOfVectors) {
  write("quads.cu",
        "__global__ void quads(const float4* x, float4* y, int n) {\n"
        "  const int i = blockIdx.x * BLOCK + threadIdx.x;\n"
        "  if (i < n) y[i] = make_float4(x[i].x, x[i].y, 0, 1);\n}\n");
  const std::string run = " --device cpu --trust-code --quiet --race 0";
  const Ran tuned = tune(
      "--kernel quads.cu --knob BLOCK=32 --grid 'ceil_div(n, BLOCK)' --block BLOCK --size n=100 "
      "--arg 'float4[n]:in' --arg 'float4[n]:out' --arg n --save-spec kept" +
      run);
  EXPECT_EQ(tuned.code, 0) << tuned.err;
  const Ran ran =
      tune("emit --spec kept/op.toml --source cpu --check cpu --trust-code --out tuned");
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  EXPECT_NE(ran.out.find("checked on"), std::string::npos) << ran.out;
  std::string select;
  for (const auto& file : fs::recursive_directory_iterator(folder_ / "tuned")) {
    if (file.path().filename() == "select.h") select = read_text_file(file.path());
  }
  EXPECT_NE(select.find("needs align >= 16"), std::string::npos) << select;
  expect_fault("--spec kept/op.toml --align 8" + run, {"it needs align >= 16"});
}

// The rows of the cpu device stand in for those of a GPU: compiling needs none.
TEST_F(FromSource, AWinnerGoesHomeAsCompiledCode) {
  fs::copy(test_data("source/saxpy.cu"), folder_);
  EXPECT_EQ(tune(saxpy + " --device cpu --trust-code --race 0 --save-spec kept").code, 0);
  const std::string emit = "emit --spec kept/op.toml --out tuned --format cubin";
  expect_fault(emit + " --source cpu", {"--format cubin compiles winners for their GPUs, and "
                                        "--source cpu has those of the cpu device"});
  SQLite::Database(folder_ / "tilewright.db", SQLite::OPEN_READWRITE)
      .exec("UPDATE context SET source = 'measured', device_model = 'NVIDIA H200'");
  const Ran ran = tune(emit);
  const bool has_no_compiler = ran.code == 2 && (ran.err.find("NVRTC") != std::string::npos ||
                                                 ran.err.find("toolkit") != std::string::npos);
  if (has_no_compiler) GTEST_SKIP() << ran.err;
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.out.find("wrote tuned/saxpy.cpp\nwrote tuned/saxpy.h\n"), std::string::npos)
      << ran.out;
  EXPECT_NE(read_text_file(folder_ / "tuned/saxpy.h").find("  float a = 2.5;\n"),
            std::string::npos);
  EXPECT_NE(read_text_file(folder_ / "tuned/saxpy.cpp").find("\"_Z5saxpyPKfPffi\""),
            std::string::npos);
  expect_fault("emit --spec kept/op.toml --out kept2 --format cubin --defaults --db none.db",
               {"--format cubin compiles winners for their GPUs, and there is none"});
  write("mine.h", "int f();\n");
  fs::rename(folder_ / "mine.h", folder_ / "kept/saxpy.h");
  expect_fault("emit --spec kept/op.toml --out kept --format cubin",
               {"cannot write kept/saxpy.h: a file of that name is there"});
}

}  // namespace
}  // namespace tw
