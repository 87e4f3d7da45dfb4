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
            "1 cudnnBackendExecute: graphs of SDPA_FWD are not read\n");
}

TEST_F(CudnnGraphTest, TensorCoresMakeF32Tf32) {
  const std::string text = with(log_, "CUDNN_DATA_HALF (2)", "CUDNN_DATA_FLOAT (0)");
  EXPECT_NE(listed(text).find("dtype=f32 math=tf32 epilogue="), std::string::npos) << listed(text);
  const std::string without =
      with(text, "TENSOR_CORE: type=bool; val=true", "TENSOR_CORE: type=bool; val=false");
  EXPECT_NE(listed(without).find("dtype=f32 epilogue="), std::string::npos) << listed(without);
  EXPECT_EQ(unread(with(text, "numericalNotes:", "notes:")),
            call + "the log does not say the engine's notes\n");
  for (const char* note : {"DOWN_CONVERT_INPUTS", "REDUCED_PRECISION_REDUCTION"}) {
    EXPECT_EQ(unread(with(text, "NOTE_TENSOR_CORE", "NOTE_" + std::string(note))),
              call + "an engine with the note " + note + "\n");
  }
}

// The log with another activation, and with the fields of its parameters.
TEST_F(CudnnGraphTest, ActivationsAreStepsWithTheirParameters) {
  const std::string relu = "CUDNN_POINTWISE_RELU_FWD (100)";
  const auto step = [&](const std::string& mode, const std::string& field = "",
                        const std::string& value = "") {
    std::string fields = "CUDNN_POINTWISE_" + mode + " (1);";
    if (!field.empty()) {
      fields += "\ni!                             " + field + ": type=double; val=" + value;
    }
    const std::string text = with(log_, relu + ";", fields);
    return listed(text) + unread(text);
  };
  const std::string bias = head + " epilogue=bias,", end = " count=1\n";
  const std::string why = call + "after a convolution: ";
  EXPECT_EQ(step("GELU_FWD"), bias + "gelu" + end);
  EXPECT_EQ(step("TANH_FWD"), bias + "tanh" + end);
  EXPECT_EQ(step("ELU_FWD", "EluAlpha", "1"), bias + "elu(1)" + end);
  EXPECT_EQ(step("ELU_FWD", "EluAlpha", "0.5"), bias + "elu(0.5)" + end);
  EXPECT_EQ(step("ELU_FWD"), why + "the log does not say EluAlpha\n");
  EXPECT_EQ(step("SOFTPLUS_FWD", "SoftplusBeta", "1"), bias + "softplus" + end);
  EXPECT_EQ(step("SOFTPLUS_FWD", "SoftplusBeta", "2"), why + "SoftplusBeta is not 1\n");
  EXPECT_EQ(step("SWISH_FWD"), why + "the log does not say SwishBeta\n") << "as cuDNN 9.19";
  EXPECT_EQ(step("SWISH_FWD", "SwishBeta", "1"), bias + "silu" + end);
  EXPECT_EQ(step("ERF"), why + "pointwise operation ERF\n");
}

TEST_F(CudnnGraphTest, TheBoundsOfAReluMakeItAnotherStep) {
  const auto step = [&](const std::string& lower, const std::string& upper,
                        const std::string& slope) {
    const std::string type = ": type=double; val=";
    const std::string text =
        with(with(with(log_, "ReluLowerClip" + type + "0", "ReluLowerClip" + type + lower),
                  "ReluUpperClip" + type + "1.79769e+308", "ReluUpperClip" + type + upper),
             "ReluLowerClipSlope" + type + "0", "ReluLowerClipSlope" + type + slope);
    return listed(text) + unread(text);
  };
  const std::string bias = head + " epilogue=bias,", end = " count=1\n";
  EXPECT_EQ(step("0", "3.40282e+38", "0"), bias + "relu" + end);
  EXPECT_EQ(step("0", "inf", "0.25"), bias + "leaky_relu(0.25)" + end);
  EXPECT_EQ(step("0", "6", "0"), bias + "relu6" + end);
  EXPECT_EQ(step("-1", "2", "0"), bias + "clamp(-1,2)" + end);
  const std::string other =
      call + "after a convolution: a RELU with other bounds than a step of ours\n";
  EXPECT_EQ(step("0", "6", "0.1"), other);
  EXPECT_EQ(step("-1", "inf", "0"), other);
  EXPECT_EQ(step("-1", "inf", "0.1"), other);
  EXPECT_EQ(unread(with(log_, "ReluLowerClipSlope", "Slope")),
            call + "after a convolution: the log does not say the bounds of RELU\n");
}

TEST_F(CudnnGraphTest, AnActivationTakesTheResultUnscaled) {
  const std::string relu = "RELU_FWD", input = "uid: type=int64_t; val=97";
  const std::size_t at = log_.find(input, log_.rfind(relu));
  ASSERT_NE(at, std::string::npos);
  EXPECT_EQ(unread(std::string(log_).replace(at, input.size(), "uid: type=int64_t; val=98")),
            call + "after a convolution: an operation on another tensor\n");
  const std::string factor = "alpha1: type=double; val=1";
  EXPECT_EQ(unread(std::string(log_).replace(log_.rfind(factor), factor.size(),
                                             "alpha1: type=double; val=3")),
            call + "after a convolution: alpha1 is not 1\n");
}

// A result between two operations that the program reads as well is a second output.
TEST_F(CudnnGraphTest, OnlyTheLastResultIsWritten) {
  EXPECT_EQ(unread(with(log_, "isVirtual: type=bool; val=true", "isVirtual: type=bool; val=false")),
            call + "after a convolution: a result between the operations that is written too\n");
}

// Our bias and residual have the type and the layout of the result.
TEST_F(CudnnGraphTest, WhatIsAddedHasTheTypeAndTheLayoutOfTheResult) {
  const std::string bias = "val=[1,128,1,1]", strides = "val=[128,1,128,128]";
  const std::string residual = with(log_, bias, "val=[8,128,28,28]");
  EXPECT_EQ(unread(with(residual, strides, "val=[100352,784,28,1]")),
            call + "tensors that are neither NCHW nor NHWC throughout, or not dense\n");
  const std::size_t type = log_.rfind("CUDNN_DATA_HALF (2)", log_.rfind(bias));
  EXPECT_EQ(unread(std::string(log_).replace(type, 19, "CUDNN_DATA_FLOAT (0)")),
            call + "after a convolution: a sum with a tensor of type FLOAT\n");
}

TEST_F(CudnnGraphTest, ASumIsABiasOrAResidualOrNothing) {
  const std::string bias = "dimA: type=int; val=[1,128,1,1]";
  EXPECT_EQ(listed(with(with(log_, bias, "dimA: type=int; val=[8,128,28,28]"),
                        "val=[128,1,128,128]", "val=[100352,1,3584,128]")),
            head + " epilogue=residual,relu count=1\n");
  EXPECT_EQ(unread(with(log_, bias, "dimA: type=int; val=[8,1,1,1]")),
            call + "after a convolution: a sum with a tensor that is neither bias nor residual\n");
  const std::string factor = "alpha2: type=double; val=";
  EXPECT_EQ(listed(with(log_, factor + "1", factor + "0")), head + " epilogue=relu count=1\n");
  EXPECT_EQ(unread(with(log_, factor + "1", factor + "0.5")),
            call + "after a convolution: alpha2 is not 1\n");
  EXPECT_EQ(unread(with(log_, factor, "alpha: type=double; val=")),
            call + "after a convolution: the log does not say alpha2\n");
  EXPECT_EQ(unread(with(log_, "alpha1: type=double; val=1", "alpha1: type=double; val=2")),
            call + "after a convolution: alpha1 is not 1\n");
  EXPECT_EQ(unread(with(log_, "uid: type=int64_t; val=98", "uid: type=int64_t; val=99")),
            call + "after a convolution: a sum that is not of its result and another tensor\n")
      << "the result twice";
}

TEST_F(CudnnGraphTest, WhatIsNoneOfOursHasAReason) {
  EXPECT_EQ(unread(with(log_, "OPERATION_CONVOLUTION_FORWARD_", "OPERATION_MATMUL_")),
            call + "graphs of MATMUL, POINTWISE, POINTWISE are not read\n");
  EXPECT_EQ(unread(with(log_, "OPERATION_POINTWISE_", "OPERATION_REDUCTION_")),
            call + "graphs of CONVOLUTION_FORWARD, REDUCTION, REDUCTION are not read\n");
  EXPECT_EQ(unread(with(log_, "upperPadA: type=int; val=[1,1]", "upperPadA: type=int; val=[2,1]")),
            call + "padding that differs before and after the image\n");
  EXPECT_EQ(unread(with(log_, "beta: type=float; val=0", "beta: type=float; val=1")),
            call + "beta is not 0\n");
  EXPECT_EQ(unread(with(log_, "alpha: type=float; val=1", "alpha: type=float; val=2")),
            call + "alpha is not 1\n");
  EXPECT_EQ(unread(with(log_, "alpha: type=float", "factor: type=float")),
            call + "the log does not say alpha\n");
  EXPECT_EQ(unread(with(log_, "opGraph:", "graph:")),
            call + "the log does not say the plan's operations\n");
}

// A CUDA graph that cuDNN fills holds the same work.
TEST_F(CudnnGraphTest, AFilledCudaGraphIsACall) {
  EXPECT_EQ(listed(with(log_, "cudnnBackendExecute", "cudnnBackendPopulateCudaGraph")),
            listed(log_));
  const std::string update = with(log_, "cudnnBackendExecute", "cudnnBackendUpdateCudaGraph");
  EXPECT_EQ(listed(update) + unread(update), "") << "other addresses for the same launches";
}

}  // namespace
}  // namespace tw::capture
