// cuBLASLt's log: each of its products as a problem of gemm.
#include "unit/capture/fixture.h"

namespace tw::capture {
namespace {

// A product of 30 x 10 and 10 x 20, column-major.
const std::string line =
    "[2026-11-30 22:21:22][cublasLt][28995][Trace][cublasLtMatmul] A=0X7F5D Adesc=[type=R_16BF "
    "rows=10 cols=30 ld=10] B=0X7F5D Bdesc=[type=R_16BF rows=10 cols=20 ld=10] C=0X7F5D "
    "Cdesc=[type=R_16BF rows=30 cols=20 ld=30] D=0X7F5D Ddesc=[type=R_16BF rows=30 cols=20 ld=30] "
    "computeDesc=[computeType=COMPUTE_32F scaleType=R_32F transa=OP_T] algo=[algoId=66 "
    "tile=MATMUL_TILE_128x128 stages=MATMUL_STAGES_64xAUTO] workSpace=0X7F5D "
    "workSpaceSizeInBytes=33554432 beta=0 outOfPlace=0 stream=0X0\n";
const std::string head = "gemm m=20,n=30,k=10 layout=nt dtype=bf16";

class CublasltLogTest : public CaptureTest {
 protected:
  // Returns what the line with an epilogue gives.
  static std::string with_epilogue(const std::string& name) {
    const std::string text =
        with(line, "transa=OP_T", "epilogue=EPILOGUE_" + name + " transa=OP_T");
    return listed(text) + unread(text);
  }
};

TEST_F(CublasltLogTest, ReadsALogOfTheLibrary) {
  const std::string log = data("cublaslt.log");
  EXPECT_EQ(listed(log),
            "gemm m=512,n=1024,k=256 layout=nt dtype=bf16 count=2\n"
            "gemm m=512,n=1024,k=256 layout=nt dtype=bf16 epilogue=bias_column count=2\n"
            "gemm m=512,n=1024,k=256 layout=nt dtype=f16 epilogue=bias_column,gelu_tanh count=1\n"
            "gemm m=512,n=1024,k=256 layout=nt dtype=f16 epilogue=bias_column,relu count=1\n"
            "gemm m=500,n=1000,k=250,lda=264,ldb=256,ldc=1024 layout=nt dtype=bf16 count=1\n"
            "gemm m=128,n=512,k=64 layout=nt dtype=f32 math=tf32 count=2\n"
            "gemm m=128,n=256,k=64 dtype=f32 count=3\n"
            "gemm m=64,n=128,k=32,batch=12 dtype=f16 count=1\n"
            "gemm m=256,n=128,k=64 dtype=f32 count=1\n");
  EXPECT_EQ(unread(log),
            "1 cublasLtMatmul: beta is not 0, and C is another matrix than D\n"
            "1 cublasLtMatmul: f16 computed in 16F\n"
            "1 cublasLtMatmul: f32 computed in 32F_FAST_16BF\n"
            "1 cublasLtMatmul: no such dtypes: A R_16BF, B R_16BF, D R_32F\n"
            "1 cublasLtMatmul: no such dtypes: A R_64F, B R_64F, D R_64F\n"
            "1 cublasLtMatmul: no such dtypes: A R_8I, B R_8I, D R_32I\n"
            "1 cublasLtMatmul: no such epilogue: GELU_AUX_BIAS\n"
            "1 cublasLtMatmul: scaled operands\n");
}

TEST_F(CublasltLogTest, OnlyProductsThatAreLaunchedCount) {
  EXPECT_EQ(listed(line + line), head + " count=2\n");
  for (const std::string& text : {with(line, "[Trace]", "[Api]"),
                                  with(line, "cublasLtMatmul", "cublasLtMatmulAlgoGetHeuristic")}) {
    EXPECT_EQ(listed(text) + unread(text), "") << text;
  }
  EXPECT_EQ(unread(with(line, "cublasLtMatmul", "cublasLtMatrixTransform")),
            "1 cublasLtMatrixTransform: no op of ours computes it\n");
}

TEST_F(CublasltLogTest, BracketsMayBeEmptyOrNested) {
  const std::size_t begin = line.find("algo=["), end = line.find(']', begin);
  EXPECT_EQ(listed(line.substr(0, begin) + "algo=[" + with(line.substr(end), "beta=0", "beta=?")),
            "gemm m=20,n=30,k=10,beta=1 layout=nt dtype=bf16 count=1\n");
  EXPECT_EQ(listed(with(line, "scaleType=R_32F", "scaleType=R_32F emulationDesc=[strategy=X]")),
            head + " count=1\n");
}

TEST_F(CublasltLogTest, EpiloguesAreSteps) {
  EXPECT_EQ(with_epilogue("BIAS"), head + " epilogue=bias_column count=1\n");
  EXPECT_EQ(with_epilogue("RELU"), head + " epilogue=relu count=1\n");
  EXPECT_EQ(with_epilogue("RELU_BIAS"), head + " epilogue=bias_column,relu count=1\n");
  EXPECT_EQ(with_epilogue("GELU"), head + " epilogue=gelu_tanh count=1\n");
  EXPECT_EQ(with_epilogue("GELU_BIAS"), head + " epilogue=bias_column,gelu_tanh count=1\n");
  EXPECT_EQ(with_epilogue("GELU_AUX_BIAS"), "1 cublasLtMatmul: no such epilogue: GELU_AUX_BIAS\n");
  EXPECT_EQ(with_epilogue("BGRADB"), "1 cublasLtMatmul: no such epilogue: BGRADB\n");
}

TEST_F(CublasltLogTest, BatchesHaveStrides) {
  const std::string batch =
      with(with(with(line, "cols=30 ld=10", "cols=30 ld=10 batchCount=4 stridedBatchOffset=300"),
                "Bdesc=[type=R_16BF rows=10 cols=20 ld=10",
                "Bdesc=[type=R_16BF rows=10 cols=20 ld=10 batchCount=4 stridedBatchOffset=250"),
           "cols=20 ld=30", "cols=20 ld=30 batchCount=4 stridedBatchOffset=600");
  EXPECT_EQ(listed(batch),
            "gemm m=20,n=30,k=10,batch=4,stride_a=250 layout=nt dtype=bf16 count=1\n");
}

TEST_F(CublasltLogTest, RowMajorMatricesKeepTheirPlaces) {
  const std::string text =
      with(with(with(with(line, "rows=10 cols=30 ld=10", "rows=30 cols=10 ld=10 order=ORDER_ROW"),
                     "cols=20 ld=10", "cols=20 ld=20 order=ORDER_ROW"),
                "cols=20 ld=30", "cols=20 ld=20 order=ORDER_ROW"),
           "transa=OP_T", "epilogue=EPILOGUE_BIAS");
  EXPECT_EQ(listed(text), "gemm m=30,n=20,k=10 dtype=bf16 epilogue=bias_row count=1\n");
  EXPECT_EQ(unread(with(text, "ORDER_ROW", "ORDER_COL32")), "1 cublasLtMatmul: order COL32\n");
}

TEST_F(CublasltLogTest, BetaReadsC) {
  EXPECT_EQ(listed(with(line, "beta=0", "beta=?")),
            "gemm m=20,n=30,k=10,beta=1 layout=nt dtype=bf16 count=1\n");
  EXPECT_EQ(listed(with(line, "beta=0", "beta=1")),
            "gemm m=20,n=30,k=10,beta=1 layout=nt dtype=bf16 count=1\n");
  EXPECT_EQ(listed(with(line, "beta=0", "beta=0.5")),
            "gemm m=20,n=30,k=10,beta=0.5 layout=nt dtype=bf16 count=1\n");
  const std::string apart = "1 cublasLtMatmul: beta is not 0, and C is another matrix than D\n";
  const std::string sum = with(line, "beta=0", "beta=1");
  EXPECT_EQ(unread(with(sum, "outOfPlace=0", "outOfPlace=1")), apart);
  const std::string silent = with(sum, " outOfPlace=0", "");
  EXPECT_EQ(unread(with(silent, "D=0X7F5D", "D=0X7F5E")), apart);
  EXPECT_EQ(unread(silent), "");
}

TEST_F(CublasltLogTest, WhatIsNoneOfOursHasAReason) {
  EXPECT_EQ(unread(with(line, "COMPUTE_32F ", "COMPUTE_16F ")),
            "1 cublasLtMatmul: bf16 computed in 16F\n");
  EXPECT_EQ(unread(with(line, "transa=OP_T", "transa=OP_T aScalePointer=0X7F")),
            "1 cublasLtMatmul: scaled operands\n");
  EXPECT_EQ(unread(with(line, "transa=OP_T", "transa=OP_T pointerMode=MODE_DEVICE_VECTOR")),
            "1 cublasLtMatmul: alpha is a vector\n");
  EXPECT_EQ(unread(with(line, "cols=20 ld=30", "cols=20 ld=30 batchMode=GROUPED")),
            "1 cublasLtMatmul: batch mode GROUPED\n");
  EXPECT_EQ(unread(with(line, "transa=OP_T", "transa=OP_T biasDataType=R_32F")),
            "1 cublasLtMatmul: a bias of type R_32F\n");
  EXPECT_EQ(unread(with(line, "transa=OP_T", "transa=OP_T biasBatchStride=30")),
            "1 cublasLtMatmul: a bias for each matrix of a batch\n");
  EXPECT_EQ(unread(with(line, "transa=OP_T", "transa=OP_T x=[x=[x=[x=[x=[x=[x=[x=[1]]]]]]]]")),
            "1 cublasLtMatmul: the log does not say the matrices' sizes\n")
      << "nested too deep";
}

// Without its end a line has another transposition, or no beta.
TEST_F(CublasltLogTest, APartOfALineIsNotRead) {
  for (const char* end : {"Ddesc", "transa", "algo=", "beta=", "0 outOfPlace"}) {
    const std::string text = up_to(line, end);
    EXPECT_EQ(listed(text), "") << end;
    EXPECT_TRUE(unread(text).starts_with("1 cublasLtMatmul: the log does not say ")) << end;
  }
}

TEST_F(CublasltLogTest, ALineThatIsTooLongIsNamed) {
  const std::string text = with(line, "stages=", "x=" + std::string(1 << 20, 'x') + " stages=");
  EXPECT_EQ(listed(text + line), head + " count=1\n") << "the next line is read";
  EXPECT_EQ(unread(text + line), "1 cublasLtMatmul: the log's entry is too long\n");
}

}  // namespace
}  // namespace tw::capture
