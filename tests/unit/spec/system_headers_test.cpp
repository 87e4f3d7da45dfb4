// The headers that a kernel of others includes and that do not lie in its folder.
#include "core/spec/system_headers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/lowering/program_macros.h"
#include "core/spec/sources.h"

namespace tw {
namespace {

TEST(SystemHeaders, AreKnownByTheirNames) {
  for (const char* path : {"stdint.h", "cstdint", "cmath", "limits", "vector", "iostream"}) {
    EXPECT_EQ(kind_of_header(path), HeaderKind::standard) << path;
  }
  for (const char* path :
       {"cuda_fp16.h", "cuda_runtime.h", "device_launch_parameters.h", "cooperative_groups.h",
        "cooperative_groups/reduce.h", "cuda/std/array", "cub/cub.cuh", "curand_kernel.h", "mma.h",
        "thrust/complex.h", "math_constants.h", "nv/target", "vector_types.h"}) {
    EXPECT_EQ(kind_of_header(path), HeaderKind::toolkit) << path;
  }
  for (const char* path : {"helper_cuda.h", "mine.h", "common/half.cuh", "parts/cuda.h", "a/limits",
                           "threads.h", "linux/limits.h"}) {
    EXPECT_EQ(kind_of_header(path), HeaderKind::other) << path;
  }
}

TEST(SystemHeaders, ThePlaceOfAnIncludeIsItsFirstLine) {
  const Texts sources{{"a.cuh", "// #include <x.h>\n/* \n#include <x.h> */\n"},
                      {"k.cu", "#include \"a.cuh\"\n# include  <x.h>\n#include <x.h>\n"}};
  EXPECT_EQ(place_of_include(sources, "x.h"), "k.cu:2");
  EXPECT_EQ(place_of_include(sources, "a.cuh"), "k.cu:1");
  EXPECT_EQ(place_of_include(sources, "y.h"), "");
}

TEST(SystemHeaders, InQuotesAreNoFilesOfTheFolder) {
  const Texts sources{{"k.cu", "#include \"cuda_runtime.h\"\n#include \"own.cuh\"\n"},
                      {"own.cuh", "#include <mine.h>\n#include \"stdint.h\"\n"}};
  SourceTree tree(sources);
  const Texts all = tree.closure("k.cu");
  EXPECT_EQ(all.size(), 2u);
  EXPECT_TRUE(all.contains("own.cuh"));
}

TEST(SystemHeaders, ThatComeFirstComeBeforeTheMacros) {
  Program program;
  program.as_given = true;
  program.text = "#include \"k.cu\"\n";
  program.headers = {{"k.cu",
                      "// text\n#include \"cuda_runtime.h\"\n#include <cuda_fp16.h>\n"
                      "#include \"own.cuh\"\n#include <cmath>\n"},
                     {"own.cuh", "int own;\n"}};
  program.defines = {"size=4"};
  EXPECT_EQ(macros_begin(program),
            "#include <cuda_runtime.h>\n#include <cuda_fp16.h>\n#define size 4\n");
  // A header of its own that includes nothing else does not end the row, in a folder with a blank
  // neither.
  program.headers = {{"k.cu", "#include \"my parts/own.cuh\"\n#include <cmath>\nint k;\n"},
                     {"my parts/own.cuh", "#pragma once\n#include <cfloat>\n"}};
  EXPECT_EQ(macros_begin(program), "#include <cfloat>\n#include <cmath>\n#define size 4\n");
}

}  // namespace
}  // namespace tw
