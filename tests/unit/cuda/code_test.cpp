// Winners as code that NVRTC compiles. The tests need NVRTC, but no GPU.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "core/base/error.h"
#include "devices/cuda/cuda.h"
#include "unit/emit/cubin_fixture.h"

namespace tw {
namespace {

using testing::HasSubstr;

class CudaCode : public testing::Test {
 protected:
  CudaCode() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tw-code-XXXXXX").string();
    cache_ = mkdtemp(pattern.data());
    setenv("XDG_CACHE_HOME", cache_.c_str(), 1);
  }
  ~CudaCode() override { std::filesystem::remove_all(cache_); }
  void SetUp() override {
    try {
      compile_with_nvrtc({});
    } catch (const Error& error) {
      GTEST_SKIP() << error.what();
    }
  }
  // Returns what becomes of a source with one kernel, `k`.
  static GpuCode compiled(const std::string& source, const std::string& architecture) {
    Program program;
    program.text = source;
    program.as_given = true;
    program.entries = {"k"};
    return compile_with_nvrtc({{program, architecture}}).at(0);
  }
  std::string cache_;
};

TEST_F(CudaCode, IsACubinForEachArchitecture) {
  for (const char* architecture : {"sm_80", "sm_90a"}) {
    const GpuCode code = compiled("__global__ void k(float* x) { x[0] = 1; }", architecture);
    EXPECT_EQ(code.failure, "");
    EXPECT_EQ(code.cubin.substr(0, 4),
              "\x7f"
              "ELF");
    EXPECT_THAT(code.names, testing::ElementsAre("_Z1kPf"));
  }
  // The second time it comes from the cache.
  EXPECT_EQ(compiled("__global__ void k(float* x) { x[0] = 1; }", "sm_80").names.at(0), "_Z1kPf");
  EXPECT_FALSE(std::filesystem::is_empty(cache_));
}

TEST_F(CudaCode, AFailureIsOneLine) {
  const GpuCode code = compiled("__global__ void k(float* x) { x[0] = y; }", "sm_80");
  EXPECT_THAT(code.failure, HasSubstr("identifier \"y\" is undefined"));
  EXPECT_EQ(code.failure.find('\n'), std::string::npos);
  EXPECT_EQ(code.cubin, "");
  EXPECT_THROW(compiled("#include <no_such_header.h>\n__global__ void k() {}", "sm_80"), Error);
}

TEST_F(CudaCode, WinnersAreWritten) {
  // The kernel `any` has the name of a function of CUDA, so that its default does not compile.
  std::vector<EmitRequest> fixed{emit_cubin_fixture::smooth()[1]};
  fixed[0].winners.resize(1);
  const auto files = emit_cubin(fixed, compile_with_nvrtc);
  const std::string& source = files.at("smooth.cpp");
  EXPECT_THAT(source, HasSubstr("\"_ZN7filters5fixedILi256EfEEvPKT0_PS1_d\""));
  EXPECT_THAT(source, HasSubstr("\"_ZN7filters4tapsE\""));
  int arrays = 0;
  for (const auto& [path, text] : files) {
    if (path.find("/code_") == std::string::npos) continue;
    ++arrays;
    EXPECT_THAT(text, HasSubstr("464c457f, ")) << path;  // ELF
  }
  EXPECT_EQ(arrays, 1);
}

TEST_F(CudaCode, KernelsWithNumbersAndShippedOnesCompile) {
  const std::vector<EmitRequest> numbers{
      emit_cubin_fixture::numbers()[0],
      emit_cubin_fixture::on(emit_cubin_fixture::numbers()[0], 120, "another GPU")};
  const auto files = emit_cubin(numbers, compile_with_nvrtc);
  EXPECT_THAT(files.at("numbers.cpp"), HasSubstr("\"_Z7numbersPf6__half13__nv_bfloat16ayfi\""));
  const auto shipped = emit_cubin(emit_cubin_fixture::softmax(), compile_with_nvrtc);
  EXPECT_THAT(shipped.at("softmax.cpp"), HasSubstr("softmax9registers6kernel"));
}

}  // namespace
}  // namespace tw
