// The problem of a library's call, found by the [[baseline]] of an op.
#include "capture/calls/captured_problem.h"

#include <gtest/gtest.h>

#include "unit/capture/fixture.h"

namespace tw::capture {
namespace {

// A transposed convolution of 5 x 5 images by 3 x 3 filters with stride 2.
LibraryCall transposed(std::int64_t p, std::int64_t q) {
  return {.library = "cudnn",
          .call = "conv_transpose2d",
          .words = {{"n", 2},
                    {"c", 8},
                    {"h", 5},
                    {"w", 5},
                    {"k", 4},
                    {"r", 3},
                    {"s", 3},
                    {"stride_h", 2},
                    {"stride_w", 2},
                    {"pad_h", 1},
                    {"pad_w", 1},
                    {"groups", 1},
                    {"dilation_h", 1},
                    {"dilation_w", 1},
                    {"nhwc", 0},
                    {"p", p},
                    {"q", q}},
          .dtype = "f32"};
}

class CapturedProblemTest : public CaptureTest {
 protected:
  std::string line(const LibraryCall& call) {
    const auto found = problem_of(call, catalog());
    const auto* problem = std::get_if<CapturedProblem>(&found);
    return problem ? problem->line() : "unread: " + std::get<Unread>(found).why;
  }
};

TEST_F(CapturedProblemTest, ChoicesAndScalarsFollowFromTheWords) {
  LibraryCall call{.library = "cublas",
                   .call = "gemm",
                   .words = {{"m", 8},
                             {"n", 16},
                             {"k", 32},
                             {"lda", 8},
                             {"ldb", 40},
                             {"batch", 3},
                             {"pointers", 1},
                             {"transpose_a", 1},
                             {"transpose_b", 1}},
                   .scalars = {{"beta", 0.5}},
                   .dtype = "bf16",
                   .epilogue = "bias_column,relu"};
  EXPECT_EQ(line(call),
            "gemm m=8,n=16,k=32,ldb=40,batch=3,batches=pointers,beta=0.5 layout=tt dtype=bf16 "
            "epilogue=bias_column,relu");
}

// The rows and columns that an output has more are no words of the library.
TEST_F(CapturedProblemTest, ADimWithoutAWordIsSearched) {
  EXPECT_EQ(line(transposed(9, 9)),
            "conv_transpose2d n=2,c=8,h=5,w=5,k=4,r=3,stride=2,pad=1 dtype=f32");
  EXPECT_EQ(line(transposed(10, 10)),
            "conv_transpose2d n=2,c=8,h=5,w=5,k=4,r=3,stride=2,pad=1,output_pad=1 dtype=f32");
  EXPECT_EQ(line(transposed(10, 9)),
            "conv_transpose2d n=2,c=8,h=5,w=5,k=4,r=3,stride=2,pad=1,output_pad=1,output_pad_w=0 "
            "dtype=f32");
}

TEST_F(CapturedProblemTest, SaysWhyNoProblemMakesTheCall) {
  EXPECT_EQ(line(transposed(40, 9)), "unread: op conv_transpose2d has no problem with p=40");
  LibraryCall call = transposed(9, 9);
  call.words["dilation_h"] = 2;
  EXPECT_EQ(line(call), "unread: op conv_transpose2d has no problem with dilation_h=2");
  call = transposed(9, 9);
  call.words["nhwc"] = 1;
  EXPECT_EQ(line(call), "unread: op conv_transpose2d has no problem with nhwc=1");
  call.call = "fft";
  EXPECT_EQ(line(call), "unread: no op has cudnn's fft as its baseline");
}

}  // namespace
}  // namespace tw::capture
