// The headers and functions of CUDA that kernels of others use, on the cpu device. Each source in
// tests/data/own_headers compares them with plain arithmetic.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/spec/sources.h"
#include "devices/cpu/compile/module.h"
#include "devices/cpu/compile/refusals.h"
#include "devices/cpu/emulation/scheduler.h"
#include "devices/toolkit.h"
#include "unit/support/paths.h"

namespace tw::cpu {
namespace {

const std::string folder = test_data("own_headers/");
constexpr int blocks = 4, threads = 64, results = 80;
constexpr std::array<Lanes, 3> every_order{Lanes::forwards, Lanes::backwards, Lanes::warps_ahead};

Program program_of(const std::string& name, const std::string& source) {
  Program program;
  program.as_given = true;
  program.text = "#include \"" + name + "\"\n";
  program.headers = {{name, source},
                     {"parts.cuh", read_text_file(folder + "parts.cuh")},
                     {"float16.cuh", read_text_file(folder + "float16.cuh")}};
  program.defines = {"RESULTS=80"};
  program.entries = {"check"};
  return program;
}

std::string path_of(const Program& program) {
  const Compiled compiled = compile_module({&program, 1});
  EXPECT_EQ(compiled.error, "");
  return compiled.path;
}

// Returns what the kernel of a source writes, with the plain arithmetic or with CUDA's.
template <class T>
std::vector<T> results_of(const std::string& name, bool plain, Lanes lanes) {
  Program program = program_of(name, read_text_file(folder + name));
  program.defines.push_back(plain ? "PLAIN=1" : "PLAIN=0");
  const LoadedModule module(path_of(program));
  std::vector<unsigned> x(blocks * threads);
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<unsigned>(i * i * 7919 + 3);
  std::vector<T> y(x.size() * results);
  unsigned* const x_data = x.data();
  T* const y_data = y.data();
  int n = blocks * threads;
  const std::array<void*, 3> args{const_cast<unsigned**>(&x_data), const_cast<T**>(&y_data), &n};
  Scheduler scheduler;
  EXPECT_EQ(
      scheduler.run(module.module(), 0, {{blocks, 1, 1}, {threads, 1, 1}, 0}, args, {5, lanes}),
      "");
  return y;
}

class OwnHeaderSources : public testing::TestWithParam<const char*> {};

TEST_P(OwnHeaderSources, ComputeWhatPlainArithmeticDoes) {
  const std::string name = GetParam();
  if (name == "cuda_std.cu" && toolkit_headers().libcudacxx.empty()) {
    GTEST_SKIP() << "there is no CUDA toolkit";
  }
  for (const Lanes lanes : every_order) {
    const auto plain = results_of<unsigned>(name, true, lanes);
    const auto cudas = results_of<unsigned>(name, false, lanes);
    EXPECT_GT(std::count_if(plain.begin(), plain.end(), [](unsigned x) { return x != 0; }), 500);
    for (std::size_t i = 0; i < plain.size(); ++i) {
      ASSERT_EQ(plain[i], cudas[i]) << "result " << i % results << " of thread " << i / results;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Cpu, OwnHeaderSources,
                         testing::Values("fp16.cu", "bf16.cu", "groups.cu", "warp.cu",
                                         "integers.cu", "atomics.cu", "standard.cu", "cuda_std.cu"),
                         [](const auto& name) {
                           const std::string file = name.param;
                           return file.substr(0, file.find('.'));
                         });

TEST(OwnHeaders, FunctionsAreNearPlainOnes) {
  const auto plain = results_of<float>("functions.cu", true, Lanes::forwards);
  const auto cudas = results_of<float>("functions.cu", false, Lanes::forwards);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    EXPECT_NEAR(plain[i], cudas[i], 1e-4 + 1e-5 * std::abs(plain[i])) << "result " << i % results;
  }
}

std::string error_of(const std::string& source) {
  const Program program = program_of("k.cu", source);
  try {
    return compile_module({&program, 1}).error;
  } catch (const Error& error) {
    return std::string("fault: ") + error.what();
  }
}

TEST(OwnHeaders, AreRefusedInOneLineWithThePlaceAndTheRemedy) {
  const auto with_body = [](const std::string& body) {
    return "#include <cooperative_groups.h>\n__global__ void check(float* y) {\n" + body + "\n}\n";
  };
  for (const char* header : {"curand_kernel.h", "cub/cub.cuh", "mma.h", "cuda/barrier",
                             "cuda/std/barrier", "thrust/reduce.h"}) {
    EXPECT_EQ(error_of("\n#include <" + std::string(header) + ">\n__global__ void check() {}\n"),
              "fault: k.cu:2 includes <" + std::string(header) +
                  ">, which the cpu device does not emulate: use --device cuda");
  }
  EXPECT_EQ(error_of("#include <mine.h>\n"),
            "fault: k.cu:1 includes <mine.h>, which is not in the folder of the source: copy it "
            "there, and write #include \"...\"");
  const std::string begin = "k.cu:3: the cpu device does not emulate ";
  const std::string end = ": use --device cuda";
  EXPECT_EQ(error_of(with_body("y[0] = tex2D<float>(3, 0, 0);")), begin + "tex2D" + end);
  EXPECT_EQ(error_of(with_body("asm volatile(\"bar.sync 0;\");")), begin + "PTX" + end);
  EXPECT_EQ(error_of(with_body("cooperative_groups::this_grid().sync();")),
            begin + "barriers of the grid" + end);
  EXPECT_EQ(error_of(with_body("auto t = cooperative_groups::tiled_partition<64>("
                               "cooperative_groups::this_thread_block()); t.sync();")),
            begin + "tiles of more than 32 threads" + end);
  EXPECT_EQ(error_of(with_body("check<<<1, 2>>>(y);")),
            "k.cu:3: the cpu device does not emulate launches: put host code between #ifndef "
            "__CUDACC_RTC__ and #endif");
  const std::string mistake = error_of(with_body("y[0] = mistaken(1);"));
  EXPECT_TRUE(mistake.starts_with("k.cu:3:8: error: ")) << mistake;
}

TEST(OwnHeaders, RefusalsAreReadFromTheMessagesOfClangToo) {
  const Texts sources{{"k.cu", "#include <mma.h>\n"}};
  EXPECT_EQ(refusal_of("./k.cu:1:10: fatal error: 'mma.h' file not found\n", sources).line,
            "k.cu:1 includes <mma.h>, which the cpu device does not emulate: use --device cuda");
  EXPECT_EQ(refusal_of("./k.cu:7:3: error: use of undeclared identifier 'tex2D'\n", sources).line,
            "k.cu:7: the cpu device does not emulate tex2D: use --device cuda");
  EXPECT_EQ(refusal_of("./k.cu:7:3: error: expected ';'\n", sources).line, "");
  EXPECT_EQ(
      refusal_of("./groups.h:2:3: error: static_assert failed \"the cpu device does not emulate "
                 "tiles\"\n./k.cu:9:3: note: in instantiation of member function\n",
                 sources)
          .line,
      "k.cu:9: the cpu device does not emulate tiles: use --device cuda");
}

TEST(OwnHeaders, AFailedAssertionIsAFault) {
  const LoadedModule module(path_of(program_of(
      "k.cu", "#include <cassert>\n__global__ void check() { assert(threadIdx.x < 3); }\n")));
  Scheduler scheduler;
  const std::string fault =
      scheduler.run(module.module(), 0, {{1, 1, 1}, {32, 1, 1}, 0}, {}, {5, Lanes::forwards});
  EXPECT_TRUE(fault.starts_with("assert(threadIdx.x < 3) at k.cu:2, thread (")) << fault;
}

}  // namespace
}  // namespace tw::cpu
