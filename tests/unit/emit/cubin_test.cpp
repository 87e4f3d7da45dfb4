// Winners as compiled code with a loader: the texts, and what is refused.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/base/error.h"
#include "unit/emit/cubin_fixture.h"

namespace tw {
namespace {

using emit_cubin_fixture::compile;
using emit_cubin_fixture::on;
using testing::HasSubstr;
using testing::Not;

std::string fault_of(const std::vector<EmitRequest>& requests,
                     const CompileForGpus& with = compile) {
  try {
    emit_cubin(requests, with);
  } catch (const Error& error) {
    return error.what();
  }
  return "";
}

// Returns the text of the file whose path ends like this.
std::string text_of(const std::map<std::string, std::string>& files, const std::string& end) {
  for (const auto& [path, text] : files) {
    if (path.ends_with(end)) return text;
  }
  ADD_FAILURE() << "no " << end;
  return "";
}

TEST(EmitCubin, HasTheAuthorsNamesAndTheCodeOfEachGpu) {
  const auto files = emit_cubin(emit_cubin_fixture::smooth(), compile);
  const std::string& header = files.at("smooth.h");
  EXPECT_THAT(header, testing::StartsWith("// Written by "));
  EXPECT_THAT(header, HasSubstr("#include <cuda.h>\n"));
  EXPECT_THAT(header, Not(HasSubstr("cuda_runtime")));
  EXPECT_THAT(header, HasSubstr("  std::int64_t n = 0;\n"));
  EXPECT_THAT(header, HasSubstr("  double scale = 0.5;\n"));
  EXPECT_THAT(header, HasSubstr("  const float* x = nullptr;\n"));
  EXPECT_THAT(header, HasSubstr("CUresult launch(const Args& args, CUstream stream);\n"));
  const std::string& source = files.at("smooth.cpp");
  EXPECT_THAT(source, HasSubstr("{80, 108, \"NVIDIA A100\"},"));
  EXPECT_THAT(source, HasSubstr("{90, 132, \"NVIDIA H200\"},"));
  EXPECT_THAT(source, HasSubstr("\"of_filters::fixed<256, TW_T>\""));
  EXPECT_THAT(source,
              HasSubstr("std::uint8_t argument_3 = static_cast<std::uint8_t>(args.shift);"));
  // "sm_80 TW", the lowest byte first.
  EXPECT_THAT(text_of(files, "/gpu0/code_f0_v0.h"), HasSubstr("0x57542030385f6d73,"));
  // "sm_90a T"
  EXPECT_THAT(text_of(files, "/gpu1/code_f0_v0.h"), HasSubstr("0x54206130395f6d73,"));
  for (const auto& [path, text] : files) EXPECT_FALSE(path.ends_with(".cuh")) << path;
}

TEST(EmitCubin, TheSameWinnersGiveTheSameFiles) {
  EXPECT_EQ(emit_cubin(emit_cubin_fixture::smooth(), compile),
            emit_cubin(emit_cubin_fixture::smooth(), compile));
}

TEST(EmitCubin, AskedForEveryLaunchOfTheBranchesThatCallsCanTake) {
  std::vector<GpuProgram> asked;
  const auto keep = [&](const std::vector<GpuProgram>& programs) {
    asked = programs;
    return compile(programs);
  };
  emit_cubin(emit_cubin_fixture::softmax(), keep);
  ASSERT_FALSE(asked.empty());
  int halves = 0;
  for (const GpuProgram& one : asked) {
    EXPECT_EQ(one.architecture, "sm_90a");
    for (const std::string& entry : one.program.entries) {
      EXPECT_THAT(entry, HasSubstr("tw::softmax::registers::kernel<"));
      halves += entry.find("bf16") != std::string::npos ? 1 : 0;
    }
  }
  EXPECT_GT(halves, 0);
}

// conv2d's kernels take their sizes as a struct.
TEST(EmitCubin, MembersOfAStructAreOneParameter) {
  const Catalog catalog = emit_matrix::with_kernels("conv2d", {"simt"});
  EmitRequest request = emit_matrix::request_for(catalog, "conv2d");
  request.winners = {
      emit_matrix::winner(catalog, "conv2d f32 n=8,c=8,h=64,w=64,k=64,r=3,s=3,pad=1", "simt")};
  const std::string text = emit_cubin({request}, compile).at("conv2d.cpp");
  EXPECT_THAT(text, HasSubstr("struct { std::int32_t member_0; std::int32_t member_1;"));
  EXPECT_THAT(text, HasSubstr("} argument_0 = {static_cast<std::int32_t>("));
}

TEST(EmitCubin, WhatCannotBeServedIsOneLine) {
  std::vector<EmitRequest> cpu = emit_cubin_fixture::numbers();
  cpu[0] = on(cpu[0], 90, "cpu emulating sm_90");
  EXPECT_THAT(fault_of(cpu), HasSubstr("these winners are of cpu emulating sm_90: tune on a GPU"));
  const Catalog split = emit_matrix::with_kernels("softmax", {"split"});
  EmitRequest request = emit_matrix::request_for(split, "softmax");
  request.winners = {emit_matrix::winner(split, "softmax f32 rows=1,columns=1000000", "split")};
  EXPECT_THAT(fault_of({request}),
              HasSubstr("the winner of softmax f32 rows=1,columns=1000000, kernel split, needs a "
                        "workspace, which --format cubin does not hold: use --format header"));
  const Catalog stream = emit_matrix::with_kernels("activation", {"stream"});
  EmitRequest chain = emit_matrix::request_for(stream, "activation");
  chain.winners = {
      emit_matrix::winner(stream, "activation f32 rows=64,columns=4096 epilogue=elu", "stream")};
  EXPECT_THAT(fault_of({chain}), HasSubstr("kernel stream, has an epilogue"));
  EmitRequest none = emit_cubin_fixture::numbers()[0];
  none.winners.clear();
  EXPECT_THAT(fault_of({none}), HasSubstr("there is no winner"));
}

TEST(EmitCubin, ADefaultThatDoesNotCompileIsLeftOutAndAWinnerIsNot) {
  const auto failing = [](const std::string& architecture, const std::string& define) {
    return [=](const std::vector<GpuProgram>& programs) {
      std::vector<GpuCode> codes = compile(programs);
      for (std::size_t i = 0; i < codes.size(); ++i) {
        const std::string& made = codes[i].cubin;
        if (!made.starts_with(architecture) || made.find(define) == made.npos) continue;
        codes[i] = {"", {}, "it is too large"};
      }
      return codes;
    };
  };
  // The default of `any`, which nothing won on the A100.
  const auto files = emit_cubin(emit_cubin_fixture::smooth(), failing("sm_80 ", "BLOCK=128"));
  EXPECT_THAT(files.at("smooth.cpp"), HasSubstr("of_any"));
  for (const auto& [path, text] : files) EXPECT_FALSE(path.ends_with("gpu0/code_f0_v1.h"));
  EXPECT_EQ(fault_of(emit_cubin_fixture::smooth(), failing("sm_80 ", "BLOCK=64")),
            "the winner of smooth f32 n=3000, kernel any, does not compile for sm_80: it is too "
            "large");
}

}  // namespace
}  // namespace tw
