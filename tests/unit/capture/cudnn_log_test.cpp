// cuDNN's log: the functions of its older API as problems of conv2d and conv_transpose2d.
#include "unit/capture/fixture.h"

namespace tw::capture {
namespace {

class CudnnLogTest : public CaptureTest {
 protected:
  // Returns the first entry of a function in the log of the library.
  static std::string first(const std::string& function) {
    const std::string log = data("cudnn.log");
    const std::size_t begin = log.find("I! CuDNN (v91900 56) function " + function + "()");
    EXPECT_NE(begin, log.npos) << function;
    return log.substr(begin, log.find("\n\n", begin) - begin + 1);
  }
};

const std::string head = "conv2d n=8,c=64,h=28,w=28,k=128,r=3,s=3,pad=1";

TEST_F(CudnnLogTest, ReadsALogOfTheLibrary) {
  const std::string log = data("cudnn.log");
  EXPECT_EQ(listed(log),
            "conv2d n=8,c=64,h=28,w=28,k=128,r=3,s=3,pad=1 dtype=f32 count=2\n"
            "conv2d n=8,c=64,h=28,w=28,k=128,r=3,s=3,pad=1 layout=nhwc dtype=bf16 count=1\n"
            "conv2d n=8,c=64,h=28,w=28,k=128,r=3,s=3,pad=1 dtype=f32 epilogue=bias count=1\n"
            "conv2d n=8,c=64,h=28,w=28,k=128,r=3,s=3,pad=1 dtype=f32 epilogue=bias,relu count=1\n"
            "conv_transpose2d n=8,c=128,h=28,w=28,k=64,r=3,pad=1 dtype=f32 count=1\n"
            "conv2d n=8,c=64,h=28,w=28,k=128,r=3,s=3,stride=2,pad=1 dtype=f32 math=tf32 count=1\n"
            "conv2d n=8,c=64,h=28,w=28,k=128,r=1,s=1 layout=nhwc dtype=f16 count=2\n"
            "conv2d n=4,c=32,h=28,w=28,k=64,r=3,s=3,pad=2,dilation=2 dtype=f32 count=1\n"
            "conv2d n=4,c=64,h=28,w=28,k=64,r=3,s=3,pad=1,groups=8 dtype=f32 count=1\n"
            "conv2d n=4,c=32,h=28,w=28,k=32,r=3,s=3,pad=1,groups=32 dtype=f32 count=1\n");
  EXPECT_EQ(unread(log),
            "1 cudnnActivationForward: no op of ours computes it\n"
            "1 cudnnConvolutionBackwardFilter: no op of ours computes it\n"
            "1 cudnnSoftmaxForward: no op of ours computes it\n");
}

// cuDNN gives some convolutions to cuBLASLt. The log ends with two such lines.
TEST_F(CudnnLogTest, WhatCudnnAsksOfCublasltCountsOnce) {
  const std::string log = data("cudnn.log");
  const std::size_t begin = log.find("[2026");
  ASSERT_NE(begin, log.npos);
  const std::string outer = log.substr(0, begin), inner = log.substr(begin);
  const std::string product = "gemm m=6272,n=128,k=64 layout=nt dtype=f16 count=";
  EXPECT_EQ(listed(outer), listed(log));
  EXPECT_EQ(listed(inner + outer), listed(log));
  EXPECT_EQ(listed(inner), product + "2\n");
  // A third product on these buffers is none of cuDNN's, nor is one of another process.
  EXPECT_NE(listed(log + inner.substr(0, inner.find('\n') + 1)).find(product + "1\n"),
            std::string::npos);
  EXPECT_NE(listed(outer + with(inner, "[771]", "[772]")).find(product + "2\n"), std::string::npos);
}

TEST_F(CudnnLogTest, TheMathTypeAllowsTf32) {
  const std::string text = first("cudnnConvolutionForward");
  EXPECT_EQ(listed(text), head + " dtype=f32 count=1\n");
  EXPECT_EQ(listed(with(text, "CUDNN_FMA_MATH (3)", "CUDNN_DEFAULT_MATH (0)")),
            head + " dtype=f32 math=tf32 count=1\n");
}

TEST_F(CudnnLogTest, PairsThatDifferHaveTwoNames) {
  std::string text = with(with(first("cudnnConvolutionForward"), "padA: type=int; val=[1,1]",
                               "padA: type=int; val=[1,0]"),
                          "strideA: type=int; val=[1,1]", "strideA: type=int; val=[1,2]");
  EXPECT_EQ(unread(text), "1 cudnnConvolutionForward: op conv2d has no problem with q=28\n")
      << "the sizes must agree";
  text = with(with(text, "val=[8,128,28,28]", "val=[8,128,28,13]"), "val=[100352,784,28,1]",
              "val=[46592,364,13,1]");
  EXPECT_EQ(listed(text),
            "conv2d n=8,c=64,h=28,w=28,k=128,r=3,s=3,stride_w=2,pad=1,pad_w=0 dtype=f32 count=1\n");
}

TEST_F(CudnnLogTest, ABiasAndAnActivationAreSteps) {
  const std::string text = first("cudnnConvolutionBiasActivationForward");
  EXPECT_EQ(listed(text), head + " dtype=f32 epilogue=bias,relu count=1\n");
  EXPECT_EQ(listed(with(text, "CUDNN_ACTIVATION_RELU (1)", "CUDNN_ACTIVATION_IDENTITY (5)")),
            head + " dtype=f32 epilogue=bias count=1\n");
  EXPECT_EQ(listed(with(text, "alpha2: type=CUDNN_DATA_FLOAT; val=0.000000",
                        "alpha2: type=CUDNN_DATA_FLOAT; val=1.000000")),
            head + " dtype=f32 epilogue=bias,residual,relu count=1\n");
  EXPECT_EQ(unread(with(text, "CUDNN_ACTIVATION_RELU (1)", "CUDNN_ACTIVATION_CLIPPED_RELU (3)")),
            "1 cudnnConvolutionBiasActivationForward: an activation that is no step of ours\n");
}

TEST_F(CudnnLogTest, TheGradientOfTheDataIsATransposedConvolution) {
  const std::string text = first("cudnnConvolutionBackwardData");
  EXPECT_EQ(listed(text),
            "conv_transpose2d n=8,c=128,h=28,w=28,k=64,r=3,pad=1 dtype=f32 count=1\n");
  EXPECT_EQ(unread(with(text, "beta: type=CUDNN_DATA_FLOAT; val=0.000000",
                        "beta: type=CUDNN_DATA_FLOAT; val=1.000000")),
            "1 cudnnConvolutionBackwardData: beta is not 0\n");
}

TEST_F(CudnnLogTest, WhatIsNoneOfOursHasAReason) {
  const std::string text = first("cudnnConvolutionForward"), call = "1 cudnnConvolutionForward: ";
  EXPECT_EQ(unread(with(text, "CUDNN_CROSS_CORRELATION (1)", "CUDNN_CONVOLUTION (0)")),
            call + "flipped filters (CUDNN_CONVOLUTION)\n");
  EXPECT_EQ(unread(with(text, "[50176,784,28,1]", "[100352,784,28,1]")),
            call + "tensors that are neither NCHW nor NHWC throughout, or not dense\n");
  EXPECT_EQ(unread(with(text, "[8,64,28,28]", "[8,64,4,28,28]")),
            call + "a convolution in three dimensions\n");
  EXPECT_EQ(unread(with(text, "CUDNN_DATA_FLOAT (0)", "CUDNN_DATA_DOUBLE (1)")),
            call + "no such dtypes: x DOUBLE, w DOUBLE, y DOUBLE\n");
  EXPECT_EQ(unread(text.substr(0, text.find("i!     yDesc"))),
            call + "the log does not say the tensors' sizes\n");
}

TEST_F(CudnnLogTest, ACallThatFailsIsTakenBack) {
  const std::string text = first("cudnnConvolutionForward");
  const std::string end =
      "I! CuDNN (v91900 56) function cudnnConvolutionForward() called:\n"
      "i!     status: type=cudnnStatus_t; val=CUDNN_STATUS_SUCCESS (0);\n"
      "i! Process=1; Thread=1; GPU=NULL; Handle=NULL; StreamId=NULL.\n";
  EXPECT_EQ(listed(text + end), head + " dtype=f32 count=1\n");
  const std::string failed = with(end, "SUCCESS (0)", "BAD_PARAM (2000)");
  EXPECT_EQ(listed(text + failed), "");
  EXPECT_EQ(unread(text + failed), "1 cudnnConvolutionForward: the call failed\n");
}

}  // namespace
}  // namespace tw::capture
