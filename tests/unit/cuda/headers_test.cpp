// The headers that kernels of others include, under NVRTC: where they are found, and why not.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include "devices/cuda/compile/missing_header.h"
#include "devices/cuda/compile/standard_headers.h"
#include "devices/toolkit.h"
#include "unit/support/variable.h"

namespace tw::cuda {
namespace {

namespace fs = std::filesystem;

class Toolkit : public testing::Test {
 protected:
  Toolkit() {
    std::string pattern = testing::TempDir() + "tilewright-toolkit-XXXXXX";
    folder_ = ::mkdtemp(pattern.data());
  }
  ~Toolkit() override { fs::remove_all(folder_); }
  void write(const std::string& path, const std::string& text = "") const {
    fs::create_directories((folder_ / path).parent_path());
    std::ofstream(folder_ / path) << text;
  }
  std::string at(const std::string& path) const { return (folder_ / path).string(); }

  fs::path folder_;
  const Variable no_home_{"CUDA_HOME", std::nullopt};
};

TEST_F(Toolkit, IsFoundWhereTheUserSays) {
  write("cuda/include/cuda_fp16.h");
  write("cuda/include/cuda/std/array");
  write("cuda/include/cuda_runtime_api.h", "// text\n#define CUDART_VERSION  12040\n");
  const Variable path("CUDA_PATH", at("cuda"));
  const ToolkitHeaders headers = toolkit_headers();
  EXPECT_THAT(headers.folders, testing::ElementsAre(at("cuda/include")));
  EXPECT_EQ(headers.libcudacxx, at("cuda/include"));
  EXPECT_EQ(headers.version, "12.4");
  write("cuda/include/cccl/cuda/std/array");
  EXPECT_EQ(toolkit_headers().libcudacxx, at("cuda/include/cccl"));
  EXPECT_NE(toolkit_headers().identity, "");
}

// Python's packages: a folder for NVRTC, one for the headers, and one for CCCL.
TEST_F(Toolkit, IsFoundBesideTheLibrary) {
  write("nvidia/cuda_nvrtc/lib/libnvrtc.so.12");
  write("nvidia/cuda_runtime/include/cuda_fp16.h");
  write("nvidia/cuda_cccl/include/cuda/std/array");
  const Variable path("CUDA_PATH", at("none"));
  const ToolkitHeaders headers = toolkit_headers(at("nvidia/cuda_nvrtc/lib/libnvrtc.so.12"));
  EXPECT_THAT(headers.folders, testing::ElementsAre(at("nvidia/cuda_runtime/include"),
                                                    at("nvidia/cuda_cccl/include")));
}

// A folder such as /usr/include holds the system's headers too. Kernels of others must not read
// these.
TEST_F(Toolkit, AFolderOfTheSystemIsNotSearched) {
  write("usr/include/cuda_fp16.h");
  const Variable path("CUDA_PATH", at("usr"));
  EXPECT_THAT(toolkit_headers().folders, testing::Contains(at("usr/include")));
  write("usr/include/stdio.h");
  EXPECT_THAT(toolkit_headers().folders, testing::Not(testing::Contains(at("usr/include"))));
}

std::string missing(const std::string& header, const std::string& source,
                    const ToolkitHeaders& toolkit = {}, const std::string& from = "variant.cu") {
  return missing_header(from + "(1): catastrophic error: cannot open source file \"" + header +
                            "\"\n  #include <x>\n",
                        {{"k.cu", source}}, toolkit, "13.0");
}

TEST(MissingHeader, NamesThePlaceAndTheRemedy) {
  ToolkitHeaders toolkit;
  toolkit.folders = {"/t/include"};
  EXPECT_EQ(
      missing("cuda_fp16.h", "\n# include <cuda_fp16.h>\n"),
      "k.cu:2 includes <cuda_fp16.h>, which comes with the CUDA toolkit, and here is NVRTC "
      "13.0 without the toolkit's headers: install them, or set CUDA_HOME to the toolkit that "
      "has them");
  EXPECT_EQ(missing("cub/cub.cuh", "#include <cub/cub.cuh>\n", toolkit),
            "k.cu:1 includes <cub/cub.cuh>, which is not in /t/include: install that part of the "
            "CUDA toolkit");
  EXPECT_EQ(
      missing("iostream", "#include <iostream>\n", toolkit),
      "k.cu:1 includes <iostream>, which NVRTC does not have, because it is for host code: put "
      "it between #ifndef __CUDACC_RTC__ and #endif");
  EXPECT_EQ(
      missing("mine.h", "#include <mine.h>\n", toolkit),
      "k.cu:1 includes <mine.h>, which is neither in the folder of the source nor in the CUDA "
      "toolkit: copy it to that folder, and write #include \"...\"");
  // <limits> is ours, and takes its content from the toolkit.
  EXPECT_THAT(missing("cuda/std/limits", "\n\n#include <limits>\n", {}, "limits"),
              testing::StartsWith("k.cu:3 includes <limits>, and that includes <cuda/std/limits>, "
                                  "which comes with the CUDA toolkit"));
  EXPECT_THAT(missing("x.h", "#include <cub/cub.cuh>\n", toolkit, "/t/include/cub/cub.cuh"),
              testing::StartsWith("k.cu:1 includes <cub/cub.cuh>, and that includes <x.h>, "));
  EXPECT_THAT(missing_header("k.cu(1): catastrophic error: could not open source file \"a.h\" (no "
                             "directories in search list)\n",
                             {}, {}, "13.0"),
              testing::StartsWith("k.cu includes <a.h>, "));
  EXPECT_EQ(missing_header("k.cu(1): error: identifier \"a\" is undefined\n", {}, {}, "13.0"), "");
}

TEST(StandardHeaders, AreThoseOfKernelsNotOfHostCode) {
  for (const char* name : {"stdint.h", "cstdint", "cstddef", "limits", "cmath", "assert.h"}) {
    EXPECT_TRUE(standard_headers().contains(name)) << name;
  }
  for (const char* name : {"iostream", "vector", "thread"}) {
    EXPECT_FALSE(standard_headers().contains(name)) << name;
  }
}

}  // namespace
}  // namespace tw::cuda
