// cuDNN's log of its graph API: execution plans as problems.
#include "unit/capture/fixture.h"

namespace tw::capture {
namespace {

// A convolution in f16, NHWC, with bias and relu: tests/data/capture/cudnn_graph.log.
const std::string head = "conv2d n=8,c=64,h=28,w=28,k=128,r=3,s=3,pad=1 layout=nhwc dtype=f16";
const std::string call = "1 cudnnBackendExecute: ";

class CudnnGraphTest : public CaptureTest {
 protected:
  const std::string log_ = data("cudnn_graph.log");
  // Returns the log without the pointwise operations from `first` on: 1 is the sum, 2 the relu.
  std::string shorter(int first) const {
    std::size_t begin = log_.find("function cudnnBackendExecute");
    for (int i = 0; i <= first; ++i) begin = log_.find("operation: type=", begin + 1);
    begin = log_.rfind("\ni!", begin);
    return log_.substr(0, begin) + log_.substr(log_.find("\ni!                 engine_id", begin));
  }
};

TEST_F(CudnnGraphTest, ReadsAPlanWithAnEpilogue) {
  EXPECT_EQ(listed(log_), head + " epilogue=bias,relu count=1\n");
  EXPECT_EQ(unread(log_), "");
  EXPECT_EQ(listed(shorter(1)), head + " count=1\n");
  EXPECT_EQ(listed(shorter(2)), head + " epilogue=bias count=1\n");
}

// Plans of PyTorch 2.11, and a line of cuBLASLt that one of them asks for.
TEST_F(CudnnGraphTest, ReadsALogOfPyTorch) {
  const std::string log = data("cudnn_torch.log");
  EXPECT_EQ(listed(log),
            "conv2d n=8,c=64,h=28,w=28,k=128,r=3,s=3,pad=1 layout=nhwc dtype=bf16 "
            "epilogue=bias,relu count=1\n"
            "conv2d n=8,c=64,h=28,w=28,k=128,r=1,s=1 dtype=f32 math=tf32 count=1\n"
            "conv_transpose2d n=8,c=64,h=28,w=28,k=32,r=2,stride=2 dtype=bf16 count=1\n"
            "conv2d n=8,c=64,h=28,w=28,k=64,r=3,s=3,pad=1,groups=8 dtype=f32 math=tf32 count=1\n");
  EXPECT_EQ(unread(log),
            "1 cudnnBackendExecute: a convolution in three dimensions\n"
            "1 cudnnBackendExecute: no op of ours computes SDPA_FWD\n");
}

TEST_F(CudnnGraphTest, TensorCoresMakeF32Tf32) {
  const std::string text = with(log_, "CUDNN_DATA_HALF (2)", "CUDNN_DATA_FLOAT (0)");
  EXPECT_NE(listed(text).find("dtype=f32 math=tf32 epilogue="), std::string::npos) << listed(text);
  const std::string without =
      with(text, "TENSOR_CORE: type=bool; val=true", "TENSOR_CORE: type=bool; val=false");
  EXPECT_NE(listed(without).find("dtype=f32 epilogue="), std::string::npos) << listed(without);
}

TEST_F(CudnnGraphTest, OtherActivationsAreSteps) {
  EXPECT_EQ(listed(with(log_, "CUDNN_POINTWISE_RELU_FWD", "CUDNN_POINTWISE_GELU_FWD")),
            head + " epilogue=bias,gelu count=1\n");
  EXPECT_EQ(unread(with(log_, "CUDNN_POINTWISE_RELU_FWD", "CUDNN_POINTWISE_ERF")),
            call + "after a convolution: pointwise operation ERF\n");
}

TEST_F(CudnnGraphTest, ASumIsABiasOrAResidualOrNothing) {
  const std::string bias = "dimA: type=int; val=[1,128,1,1]";
  EXPECT_EQ(listed(with(log_, bias, "dimA: type=int; val=[8,128,28,28]")),
            head + " epilogue=residual,relu count=1\n");
  EXPECT_EQ(unread(with(log_, bias, "dimA: type=int; val=[8,1,1,1]")),
            call + "after a convolution: a sum with a tensor that is neither bias nor residual\n");
  const std::string factor = "alpha2: type=double; val=";
  EXPECT_EQ(listed(with(log_, factor + "1", factor + "0")), head + " epilogue=relu count=1\n");
  EXPECT_EQ(unread(with(log_, factor + "1", factor + "0.5")),
            call + "after a convolution: a sum with factors\n");
}

TEST_F(CudnnGraphTest, WhatIsNoneOfOursHasAReason) {
  EXPECT_EQ(unread(with(log_, "OPERATION_CONVOLUTION_FORWARD_", "OPERATION_MATMUL_")),
            call + "no op of ours computes MATMUL, POINTWISE, POINTWISE\n");
  EXPECT_EQ(unread(with(log_, "upperPadA: type=int; val=[1,1]", "upperPadA: type=int; val=[2,1]")),
            call + "padding that differs before and after the image\n");
  EXPECT_EQ(unread(with(log_, "beta: type=float; val=0", "beta: type=float; val=1")),
            call + "alpha is not 1, or beta is not 0\n");
  EXPECT_EQ(unread(with(log_, "opGraph:", "graph:")),
            call + "the log does not say the plan's operations\n");
}

}  // namespace
}  // namespace tw::capture
