// NVRTC compiles kernels of others that include CUDA's headers and the standard ones. The tests
// need the toolkit, but no GPU.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "core/base/error.h"
#include "core/spec/sources.h"
#include "devices/cuda/protocol/platform.h"
#include "devices/gpu/compile/compile_pool.h"
#include "devices/toolkit.h"
#include "unit/support/paths.h"

namespace tw::gpu {
namespace {

Compiled compiled(const std::string& name, const std::string& source) {
  const std::string folder = test_data("own_headers/");
  Program program;
  program.as_given = true;
  program.text = "#include \"" + name + "\"\n";
  program.headers = {{name, source},
                     {"parts.cuh", read_text_file(folder + "parts.cuh")},
                     {"float16.cuh", read_text_file(folder + "float16.cuh")}};
  program.defines = {"RESULTS=80", "PLAIN=0"};
  program.entries = {"check"};
  CompilePool pool(cuda::platform(), 1, std::chrono::seconds(120));
  pool.submit(1, {program, "sm_90", {}});
  while (true) {
    for (CompilePool::Result& result : pool.advance()) return std::move(result.compiled);
    std::vector<int> descriptors;
    pool.add_descriptors(descriptors);
    wait_any(descriptors, pool.next_deadline());
  }
}

class OwnHeaders : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    if (!toolkit_headers().exist()) GTEST_SKIP() << "the CUDA toolkit's headers are not here";
    try {
      CompilePool(cuda::platform(), 1, std::chrono::seconds(120)).compiler();
    } catch (const Error& error) {
      GTEST_SKIP() << error.what();
    }
  }
};

TEST_P(OwnHeaders, Compile) {
  const std::string name = GetParam();
  const Compiled result = compiled(name, read_text_file(test_data("own_headers/") + name));
  EXPECT_TRUE(result.ok) << result.log;
  EXPECT_EQ(result.fault, "");
}

INSTANTIATE_TEST_SUITE_P(Nvrtc, OwnHeaders,
                         testing::Values("fp16.cu", "bf16.cu", "groups.cu", "warp.cu",
                                         "integers.cu", "atomics.cu", "standard.cu", "cuda_std.cu",
                                         "functions.cu"),
                         [](const auto& name) {
                           const std::string file = name.param;
                           return file.substr(0, file.find('.'));
                         });

class HeadersOfTheMachine : public OwnHeaders {};

TEST_P(HeadersOfTheMachine, AreNotRead) {
  const std::string header = GetParam();
  const Compiled result = compiled("k.cu", "\n#include <" + header + ">\n");
  EXPECT_THAT(result.fault,
              testing::StartsWith("k.cu:2 includes <" + header + ">, which is neither"));
}

INSTANTIATE_TEST_SUITE_P(Nvrtc, HeadersOfTheMachine,
                         testing::Values("linux/limits.h", "sys/types.h", "pwd.h"));

}  // namespace
}  // namespace tw::gpu
