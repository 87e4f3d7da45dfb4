// cuBLAS's log: each of its products as a problem of gemm.
#include "unit/capture/fixture.h"

namespace tw::capture {
namespace {

// Returns an entry of the log.
std::string entry(const std::string& function, const std::string& fields,
                  const std::string& math = "CUBLAS_DEFAULT_MATH") {
  std::string text =
      "I! cuBLAS (v13.1.0) function cublasStatus_t " + function + "(cublasHandle_t, int) called:\n";
  std::istringstream words(fields);
  for (std::string word; words >> word;) {
    const std::size_t equals = word.find('=');
    text += "i!  " + word.substr(0, equals) + ": type=int; val=" + word.substr(equals + 1) + "\n";
  }
  return text + "i! Time: 2026-11-30T22:21:23 elapsed from start 0.0 minutes or 0.0 seconds\n" +
         "i!Process=1; Thread=2; GPU=0; Handle=POINTER (IN HEX:0x0x1); StreamId=POINTER (IN "
         "HEX:0x(nil)) (defaultStream); MathMode=" +
         math + "\ni! COMPILED WITH: GNU GCC/G++ / 8.5.0\n";
}

const std::string plain =
    "transa=CUBLAS_OP_N(0) transb=CUBLAS_OP_N(0) m=30 n=20 k=10 lda=30 ldb=10 ldc=30 ";

class CublasLogTest : public CaptureTest {};

// Products of all kinds, and some other routines.
TEST_F(CublasLogTest, ReadsALogOfTheLibrary) {
  const std::string log = data("cublas.log");
  EXPECT_EQ(listed(log),
            "gemm m=512,n=1024,k=256 layout=nt dtype=bf16 count=2\n"
            "gemm m=512,n=1024,k=256 layout=nt dtype=f32 math=tf32 count=1\n"
            "gemm m=200,n=300,k=100 layout=tn dtype=f32 count=3\n"
            "gemm m=256,n=512,k=128 dtype=f32 math=tf32 count=1\n"
            "gemm m=200,n=300,k=100,lda=128,ldb=320 dtype=f32 count=1\n"
            "gemm m=64,n=128,k=32,batch=12 layout=nt dtype=f16 count=1\n"
            "gemm m=64,n=128,k=32,batch=12,stride_a=0 layout=nt dtype=f16 count=1\n"
            "gemm m=64,n=64,k=64,batch=8 dtype=f32 count=1\n"
            "gemm m=64,n=64,k=64,batch=4,batches=pointers dtype=f16 count=1\n"
            "gemm m=32,n=64,k=16 dtype=f16 count=1\n");
  EXPECT_EQ(unread(log),
            "1 cublasCgemm_v2: no such dtypes: A C_32F, B C_32F, D C_32F\n"
            "1 cublasDgemm_v2: no such dtypes: A R_64F, B R_64F, D R_64F\n"
            "1 cublasGemmEx: no such dtypes: A R_16F, B R_16F, D R_32F\n"
            "1 cublasHgemm: f16 computed in 16F\n"
            "1 cublasSaxpy_v2: no op of ours computes it\n"
            "1 cublasSgemv_v2: no op of ours computes it\n"
            "1 cublasSsyrk_v2: no op of ours computes it\n"
            "1 cublasStrsm_v2: no op of ours computes it\n");
}

// cuBLAS gives its products to cuBLASLt, whose log has each once more, and says which add to C.
TEST_F(CublasLogTest, WhatCublasAsksOfCublasltCountsOnce) {
  const std::string outer = data("cublas.log"), inner = data("cublas_inner.log");
  const std::string plain_line = "gemm m=200,n=300,k=100,lda=128,ldb=320 dtype=f32 count=1\n";
  const std::string summed_line =
      "gemm m=200,n=300,k=100,lda=128,ldb=320,beta=1 dtype=f32 count=1\n";
  const std::string expected = with(listed(outer), plain_line, summed_line);
  EXPECT_EQ(listed(outer + inner), expected);
  EXPECT_EQ(listed(inner + outer), expected);
  EXPECT_EQ(unread(outer + inner), unread(outer));
  EXPECT_EQ(listed(inner), "");
  EXPECT_EQ(listed(outer + inner + inner), expected) << "no more than cuBLAS's own calls";
}

// cuBLAS's matrices are column-major, ours row-major: m and n change places, and so do A and B.
TEST_F(CublasLogTest, LayoutsChangePlaces) {
  EXPECT_EQ(listed(entry("cublasSgemm_v2", plain)), "gemm m=20,n=30,k=10 dtype=f32 count=1\n");
  EXPECT_EQ(listed(entry("cublasSgemm_v2",
                         "transa=CUBLAS_OP_T(1) transb=CUBLAS_OP_N(0) m=30 n=20 k=10 lda=10 ldb=10 "
                         "ldc=30")),
            "gemm m=20,n=30,k=10 layout=nt dtype=f32 count=1\n");
  EXPECT_EQ(listed(entry("cublasSgemm_v2",
                         "transa=CUBLAS_OP_N(0) transb=CUBLAS_OP_C(2) m=30 n=20 k=10 lda=30 ldb=20 "
                         "ldc=30")),
            "gemm m=20,n=30,k=10 layout=tn dtype=f32 count=1\n");
}

TEST_F(CublasLogTest, PaddedRowsHaveLeadingDimensions) {
  EXPECT_EQ(
      listed(entry("cublasSgemm_v2", with(with(with(plain, "lda=30", "lda=33"), "ldb=10", "ldb=12"),
                                          "ldc=30", "ldc=34"))),
      "gemm m=20,n=30,k=10,lda=12,ldb=33,ldc=34 dtype=f32 count=1\n");
}

TEST_F(CublasLogTest, BatchesHaveStrides) {
  const std::string batch = plain + "strideA=300 strideB=200 strideC=600 batchCount=5";
  EXPECT_EQ(listed(entry("cublasSgemmStridedBatched", batch)),
            "gemm m=20,n=30,k=10,batch=5 dtype=f32 count=1\n");
  EXPECT_EQ(listed(entry("cublasSgemmStridedBatched", with(with(batch, "strideA=300", "strideA=0"),
                                                           "strideC=600", "strideC=700"))),
            "gemm m=20,n=30,k=10,batch=5,stride_b=0,stride_c=700 dtype=f32 count=1\n");
  EXPECT_EQ(listed(entry("cublasHgemmBatched",
                         plain + "Aarray=POINTER Barray=POINTER Carray=POINTER batchCount=5 "
                                 "computeType=CUBLAS_COMPUTE_32F(68)")),
            "gemm m=20,n=30,k=10,batch=5,batches=pointers dtype=f16 count=1\n");
}

TEST_F(CublasLogTest, TheMathIsOfTheCallOrOfTheHandle) {
  const std::string typed = plain + "Atype=CUDA_R_32F(0) Btype=CUDA_R_32F(0) Ctype=CUDA_R_32F(0) ";
  const std::string problem = "gemm m=20,n=30,k=10 dtype=f32";
  EXPECT_EQ(listed(entry("cublasGemmEx", typed + "computeType=CUBLAS_COMPUTE_32F_FAST_TF32(77)")),
            problem + " math=tf32 count=1\n");
  EXPECT_EQ(listed(entry("cublasSgemm_v2", plain, "CUBLAS_TF32_TENSOR_OP_MATH")),
            problem + " math=tf32 count=1\n");
  EXPECT_EQ(listed(entry("cublasGemmEx", typed + "computeType=CUBLAS_COMPUTE_32F_PEDANTIC(69)",
                         "CUBLAS_TF32_TENSOR_OP_MATH")),
            problem + " count=1\n");
  EXPECT_EQ(unread(entry("cublasGemmEx", typed + "computeType=CUBLAS_COMPUTE_32F_FAST_16F(74)")),
            "1 cublasGemmEx: f32 computed in 32F_FAST_16F\n");
  EXPECT_EQ(unread(entry("cublasGemmEx", typed)),
            "1 cublasGemmEx: f32 computed in an unknown type\n");
  EXPECT_EQ(unread(entry("cublasHgemm", plain)), "1 cublasHgemm: f16 computed in 16F\n");
  EXPECT_EQ(unread(entry("cublasSgemm_v2", plain, "CUBLAS_TENSOR_OP_MATH")),
            "1 cublasSgemm_v2: f32 computed in 32F_FAST_16F\n")
      << "the mode of cuBLAS 10";
  EXPECT_EQ(
      listed(entry("cublasGemmEx", typed + "computeType=CUBLAS_COMPUTE_32F_EMULATED_16BFX9(78)")),
      problem + " count=1\n");
}

TEST_F(CublasLogTest, TheSixtyFourBitFunctionsAreTheSame) {
  EXPECT_EQ(listed(entry("cublasSgemm_v2_64", plain)), "gemm m=20,n=30,k=10 dtype=f32 count=1\n");
  EXPECT_EQ(listed(entry("cublasGemmEx_64",
                         plain + "Atype=CUDA_R_16BF(14) Btype=CUDA_R_16BF(14) "
                                 "Ctype=CUDA_R_16BF(14) computeType=CUBLAS_COMPUTE_32F(68)")),
            "gemm m=20,n=30,k=10 dtype=bf16 count=1\n");
}

TEST_F(CublasLogTest, OtherCallsAreCountedAndSettingsIgnored) {
  const std::string text = entry("cublasCreate_v2", "") + entry("cublasSetMathMode", "mode=3") +
                           entry("cublasGetVersion_v2", "") + entry("cublasDestroy_v2", "") +
                           entry("cublasSgemv_v2", "m=3") + entry("cublasSgemv_v2", "m=4") +
                           entry("cublasGemmGroupedBatchedEx", "m=3");
  EXPECT_EQ(listed(text), "");
  EXPECT_EQ(unread(text),
            "2 cublasSgemv_v2: no op of ours computes it\n"
            "1 cublasGemmGroupedBatchedEx: no op of ours computes it\n");
}

// The first half of a batched product is one without a batch.
TEST_F(CublasLogTest, APartOfAnEntryIsNotRead) {
  const std::string whole = entry("cublasSgemmStridedBatched",
                                  plain + "strideA=300 strideB=200 strideC=600 batchCount=5");
  for (const char* end : {"i!  n:", "i!  strideA:", "i!  batchCount:", "i! Time:", "i!Process"}) {
    const std::string text = up_to(whole, end);
    EXPECT_EQ(listed(text), "") << end;
    EXPECT_EQ(unread(text), "1 cublasSgemmStridedBatched: the log's entry is cut off\n") << end;
    EXPECT_EQ(unread(text + whole), unread(text)) << end;
  }
}

TEST_F(CublasLogTest, AFieldThatIsMissingIsNamed) {
  const std::string batch = plain + "strideA=300 strideB=200 strideC=600 batchCount=5 ";
  for (const char* field :
       {"transa", "transb", "m", "n", "k", "lda", "ldb", "ldc", "strideB", "batchCount"}) {
    const std::size_t begin = batch.find(std::string(field) + "=");
    ASSERT_NE(begin, batch.npos) << field;
    std::string fields = batch;
    fields.erase(begin, batch.find(' ', begin) + 1 - begin);
    EXPECT_EQ(unread(entry("cublasSgemmStridedBatched", fields)),
              "1 cublasSgemmStridedBatched: the log does not say " + std::string(field) + "\n");
  }
  EXPECT_EQ(unread(entry("cublasSgemm_v2", with(plain, "m=30", "m=30x"))),
            "1 cublasSgemm_v2: the log does not say m\n");
}

TEST_F(CublasLogTest, MessagesAreNoCalls) {
  const std::string whole = entry("cublasSgemm_v2", plain);
  for (const char* begin : {"E! cuBLAS", "W! cuBLAS"}) {
    const std::string text = with(whole, "I! cuBLAS", begin);
    EXPECT_EQ(listed(text) + unread(text), "") << begin;
  }
}

}  // namespace
}  // namespace tw::capture
