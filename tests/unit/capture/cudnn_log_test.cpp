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

const std::string call = "1 cudnnConvolutionBiasActivationForward: ";
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
  const std::string by_default = with(text, "CUDNN_FMA_MATH (3)", "CUDNN_DEFAULT_MATH (0)");
  EXPECT_EQ(listed(by_default), head + " dtype=f32 math=tf32 count=1\n");
  EXPECT_EQ(
      listed(with(by_default, "deviceVer: type=int; val=900", "deviceVer: type=int; val=750")),
      head + " dtype=f32 count=1\n")
      << "a GPU without TF32";
  const std::string why = "1 cudnnConvolutionForward: f32 computed in ";
  EXPECT_EQ(unread(with(text, "CUDNN_FMA_MATH (3)", "CUDNN_TENSOR_OP_MATH_ALLOW_CONVERSION (2)")),
            why + "FLOAT or HALF\n");
  EXPECT_EQ(unread(with(text, "mathType:", "math:")), why + "an unknown math\n");
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
            call + "activation CLIPPED_RELU\n");
  EXPECT_EQ(unread(with(text, "CUDNN_ACTIVATION_RELU (1)", "CUDNN_ACTIVATION_SWISH (6)")),
            call + "the log does not say swish_beta\n");
}

TEST_F(CudnnLogTest, AnUpperBoundOfARelu) {
  const std::string text = first("cudnnConvolutionBiasActivationForward");
  const std::string none = "coef: type=double; val=0", bound = "coef: type=double; val=";
  EXPECT_EQ(listed(with(text, none, bound + "1.79769e+308")), listed(text));
  for (const char* value : {"6", "nan"}) {
    EXPECT_EQ(unread(with(text, none, bound + value)), call + "a RELU with an upper bound\n");
  }
  EXPECT_EQ(unread(with(text, "coef:", "bound:")),
            call + "the log does not say the bound of RELU\n");
}

TEST_F(CudnnLogTest, AFactorIsNotRead) {
  const std::string one = ": type=CUDNN_DATA_FLOAT; val=1.000000",
                    two = ": type=CUDNN_DATA_FLOAT; val=2.000000";
  for (const char* function : {"cudnnConvolutionForward", "cudnnConvolutionBackwardData"}) {
    const std::string text = first(function), why = "1 " + std::string(function) + ": ";
    EXPECT_EQ(unread(with(text, "alpha" + one, "alpha" + two)), why + "alpha is not 1\n");
    EXPECT_EQ(unread(with(text, "alpha:", "a:")), why + "the log does not say alpha\n");
    EXPECT_EQ(unread(with(text, "beta:", "b:")), why + "the log does not say beta\n");
  }
  const std::string text = first("cudnnConvolutionBiasActivationForward");
  EXPECT_EQ(unread(with(text, "alpha1" + one, "alpha1" + two)), call + "alpha1 is not 1\n");
  EXPECT_EQ(unread(with(text, "alpha2: type=CUDNN_DATA_FLOAT; val=0.000000", "alpha2" + two)),
            call + "alpha2 is not 1\n");
  EXPECT_EQ(unread(with(text, "alpha2:", "a:")), call + "the log does not say alpha2\n");
}

TEST_F(CudnnLogTest, WhatIsAddedHasTheTypeAndTheLayoutOfTheResult) {
  const std::string text = first("cudnnConvolutionBiasActivationForward");
  const std::size_t bias = text.find("CUDNN_DATA_FLOAT", text.find("biasDesc"));
  EXPECT_EQ(unread(std::string(text).replace(bias, 16, "CUDNN_DATA_HALF")),
            call + "a sum with a tensor of type HALF\n");
  const std::string strides = "val=[100352,784,28,1]";
  const std::size_t z = text.find(strides, text.find("zDesc"));
  const std::string residual =
      std::string(text).replace(z, strides.size(), "val=[100352,1,3584,128]");
  EXPECT_EQ(listed(residual), listed(text)) << "alpha2 is 0";
  EXPECT_EQ(unread(with(residual, "alpha2: type=CUDNN_DATA_FLOAT; val=0.000000",
                        "alpha2: type=CUDNN_DATA_FLOAT; val=1.000000")),
            call + "tensors that are neither NCHW nor NHWC throughout, or not dense\n");
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
  const std::string text = first("cudnnConvolutionForward"), why = "1 cudnnConvolutionForward: ";
  EXPECT_EQ(unread(with(text, "CUDNN_CROSS_CORRELATION (1)", "CUDNN_CONVOLUTION (0)")),
            why + "flipped filters (CUDNN_CONVOLUTION)\n");
  EXPECT_EQ(unread(with(text, "[50176,784,28,1]", "[100352,784,28,1]")),
            why + "tensors that are neither NCHW nor NHWC throughout, or not dense\n");
  EXPECT_EQ(unread(with(text, "[8,64,28,28]", "[8,64,4,28,28]")),
            why + "a convolution in three dimensions\n");
  EXPECT_EQ(unread(with(text, "CUDNN_DATA_FLOAT (0)", "CUDNN_DATA_DOUBLE (1)")),
            why + "no such dtypes: x DOUBLE, w DOUBLE, y DOUBLE\n");
  EXPECT_EQ(unread(with(text, "yDesc:", "z:")), why + "the log does not say the tensors' sizes\n");
  EXPECT_EQ(unread(with(text, "[8,64,28,28]", "[8,64,28,28")),
            why + "the log does not say the tensors' sizes\n");
  EXPECT_EQ(unread(up_to(text, "i!     yDesc")), why + "the log's entry is cut off\n");
}

TEST_F(CudnnLogTest, FunctionsOfAllVersionsAreCounted) {
  const std::string text = first("cudnnSoftmaxForward");
  for (const char* function :
       {"cudnnRNNForward", "cudnnRNNBackwardData_v8", "cudnnRNNBackwardWeights_v8", "cudnnCTCLoss",
        "cudnnCTCLoss_v8", "cudnnRNNForwardTrainingEx", "cudnnTransformTensorEx",
        "cudnnMultiHeadAttnBackwardWeights", "cudnnBatchNormalizationBackwardEx",
        "cudnnFusedOpsExecute"}) {
    EXPECT_EQ(unread(with(text, "cudnnSoftmaxForward", function)),
              "1 " + std::string(function) + ": no op of ours computes it\n");
  }
  for (const char* function : {"cudnnSetRNNDescriptor_v8", "cudnnSetCTCLossDescriptorEx",
                               "cudnnRNNSetClip_v9", "cudnnGetConvolutionForwardAlgorithm_v7",
                               "cudnnSetTensorNdDescriptorEx", "cudnnBuildRNNDynamic"}) {
    EXPECT_EQ(unread(with(text, "cudnnSoftmaxForward", function)), "") << function;
  }
}

TEST_F(CudnnLogTest, AnEntryThatIsTooLongIsNamed) {
  const std::string text = first("cudnnConvolutionForward");
  const std::string why = "1 cudnnConvolutionForward: the log's entry is too long\n";
  const std::string line = with(text, "val=CUDNN_FMA_MATH", "val=" + std::string(1 << 20, 'x'));
  EXPECT_EQ(listed(line + text), listed(text)) << "the next entry is read";
  EXPECT_EQ(unread(line + text), why);
  std::string fields;
  for (int i = 0; i < 20000; ++i) fields += "i!     more: type=int; val=1;\n";
  const std::string many = with(text, "i!     yDesc", fields + "i!     yDesc");
  EXPECT_EQ(listed(many + text), listed(text));
  EXPECT_EQ(unread(many + text), why);
  const std::string head_line = with(text, "() called:", "(" + std::string(1 << 20, 'x'));
  EXPECT_EQ(unread(head_line + text), why);
}

class CudnnFailureTest : public CudnnLogTest {
 protected:
  // Returns the entry that says how the latest call of a function ended.
  static std::string status(const std::string& value, int thread = 771, int process = 771,
                            const std::string& function = "cudnnConvolutionForward") {
    return "I! CuDNN (v91900 56) function " + function + "() called:\n" +
           "i!     status: type=cudnnStatus_t; val=CUDNN_STATUS_" + value + ";\n" +
           "i! Process=" + std::to_string(process) + "; Thread=" + std::to_string(thread) +
           "; GPU=NULL; Handle=NULL; StreamId=NULL.\n";
  }
  const std::string text_ = first("cudnnConvolutionForward");
  // A call of another thread that is listed as another problem.
  const std::string other_ =
      with(with(text_, "Thread=771", "Thread=772"), "CUDNN_FMA_MATH (3)", "CUDNN_DEFAULT_MATH (0)");
  const std::string line_ = head + " dtype=f32 count=1\n";
  const std::string other_line_ = head + " dtype=f32 math=tf32 count=1\n";
  const std::string why_ = "1 cudnnConvolutionForward: the call failed\n";
  const std::string bad_ = "BAD_PARAM (2000)", good_ = "SUCCESS (0)";
};

TEST_F(CudnnFailureTest, ACallThatFailsIsCountedAsThat) {
  EXPECT_EQ(listed(text_ + status(good_)), line_);
  EXPECT_EQ(unread(text_ + status(good_)), "");
  EXPECT_EQ(listed(text_ + status(bad_)), "");
  EXPECT_EQ(unread(text_ + status(bad_)), why_);
  EXPECT_EQ(unread(with(text_, "CROSS_CORRELATION", "CONVOLUTION") + status(bad_)), why_)
      << "no longer for another reason";
}

TEST_F(CudnnFailureTest, AFailureIsOfTheThreadsOwnCall) {
  EXPECT_EQ(listed(text_ + other_ + status(bad_)), other_line_);
  EXPECT_EQ(listed(text_ + other_ + status(bad_, 772)), line_);
  EXPECT_EQ(listed(text_ + status(bad_, 771, 772)), line_) << "of another process";
  EXPECT_EQ(listed(text_ + status(bad_, 771, 771, "cudnnBackendExecute")), line_)
      << "of another function";
}

TEST_F(CudnnFailureTest, ACallThatWorkedIsNotTakenBack) {
  EXPECT_EQ(listed(text_ + status(good_) + status(bad_)), line_);
  EXPECT_EQ(listed(text_ + text_ + status(bad_)), line_) << "only the latest call";
}

// cuDNN reports some failures as an error only, and others as both.
TEST_F(CudnnFailureTest, AnErrorIsAFailureToo) {
  const std::string error = with(with(status("X"), "I! ", "E! "), "i!", "e!");
  EXPECT_EQ(listed(text_ + error), "");
  EXPECT_EQ(unread(text_ + error), why_);
  EXPECT_EQ(unread(text_ + status(bad_) + error), why_);
  EXPECT_EQ(listed(text_ + with(error, "Thread=771", "Thread=772")), line_);
  const std::string warning = with(with(status("X"), "I! ", "W! "), "i!", "w!");
  EXPECT_EQ(listed(text_ + warning), line_);
  EXPECT_EQ(unread(text_ + warning), "");
}

// A call that failed asked nothing of cuBLASLt: a product on the same buffers is the program's.
TEST_F(CudnnFailureTest, AFailedCallHidesNoProduct) {
  const std::string log = data("cudnn.log");
  const std::string products = log.substr(log.find("[2026"));
  const std::string product = products.substr(0, products.find('\n') + 1);
  // The convolution that the library computes as this product.
  const std::size_t begin = log.rfind("I! CuDNN", log.find("CUDNN_DATA_HALF"));
  const std::string convolution = log.substr(begin, log.find("\n\n", begin) - begin + 1);
  ASSERT_EQ(listed(convolution + product).find("gemm"), std::string::npos);
  EXPECT_EQ(listed(convolution + status(bad_) + product), listed(product));
}

}  // namespace
}  // namespace tw::capture
