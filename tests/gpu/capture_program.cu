// Calls of cuBLAS and cuBLASLt for the test of tune capture. check_capture.cmake says what the list
// must hold. Ends with 77 if there is no GPU.
#include <cublasLt.h>
#include <cublas_v2.h>
#include <cuda_runtime.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>

namespace {

#define CHECK(call)                                                 \
  if (const int status = static_cast<int>(call)) {                  \
    std::fprintf(stderr, "line %d: status %d\n", __LINE__, status); \
    std::exit(1);                                                   \
  }

constexpr std::size_t bytes = std::size_t{16} << 20;

void* allocate() {
  void* pointer = nullptr;
  CHECK(cudaMalloc(&pointer, bytes));
  CHECK(cudaMemset(pointer, 0, bytes));
  return pointer;
}

struct Buffers {
  void *a = allocate(), *b = allocate(), *c = allocate(), *bias = allocate(), *work = allocate();
};

// A product of cublasLtMatmul in bf16. A is stored k x m, B is stored k x n, both column-major.
struct Product {
  std::int64_t m, n, k, lda, ldb, ldc;
  cublasLtEpilogue_t epilogue;
  int batch;
};

cublasLtMatrixLayout_t layout(std::int64_t rows, std::int64_t columns, std::int64_t ld, int batch) {
  cublasLtMatrixLayout_t layout = nullptr;
  CHECK(cublasLtMatrixLayoutCreate(&layout, CUDA_R_16BF, static_cast<std::uint64_t>(rows),
                                   static_cast<std::uint64_t>(columns), ld));
  if (batch > 1) {
    const std::int64_t stride = ld * columns;
    CHECK(cublasLtMatrixLayoutSetAttribute(layout, CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &batch,
                                           sizeof batch));
    CHECK(cublasLtMatrixLayoutSetAttribute(layout, CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET,
                                           &stride, sizeof stride));
  }
  return layout;
}

void multiply(cublasLtHandle_t handle, const Buffers& buffers, const Product& product) {
  cublasLtMatmulDesc_t matmul = nullptr;
  CHECK(cublasLtMatmulDescCreate(&matmul, CUBLAS_COMPUTE_32F, CUDA_R_32F));
  const cublasOperation_t transposed = CUBLAS_OP_T;
  CHECK(cublasLtMatmulDescSetAttribute(matmul, CUBLASLT_MATMUL_DESC_TRANSA, &transposed,
                                       sizeof transposed));
  if (product.epilogue != CUBLASLT_EPILOGUE_DEFAULT) {
    CHECK(cublasLtMatmulDescSetAttribute(matmul, CUBLASLT_MATMUL_DESC_EPILOGUE, &product.epilogue,
                                         sizeof product.epilogue));
    CHECK(cublasLtMatmulDescSetAttribute(matmul, CUBLASLT_MATMUL_DESC_BIAS_POINTER, &buffers.bias,
                                         sizeof buffers.bias));
  }
  const auto a = layout(product.k, product.m, product.lda, product.batch);
  const auto b = layout(product.k, product.n, product.ldb, product.batch);
  const auto c = layout(product.m, product.n, product.ldc, product.batch);
  const float alpha = 1, beta = 0;
  CHECK(cublasLtMatmul(handle, matmul, &alpha, buffers.a, a, buffers.b, b, &beta, buffers.c, c,
                       buffers.c, c, nullptr, buffers.work, bytes, nullptr));
  for (const auto one : {a, b, c}) CHECK(cublasLtMatrixLayoutDestroy(one));
  CHECK(cublasLtMatmulDescDestroy(matmul));
}

void call_cublaslt(const Buffers& buffers) {
  cublasLtHandle_t handle = nullptr;
  CHECK(cublasLtCreate(&handle));
  const Product products[] = {
      {512, 256, 128, 128, 128, 512, CUBLASLT_EPILOGUE_DEFAULT, 1},
      {512, 256, 128, 128, 128, 512, CUBLASLT_EPILOGUE_DEFAULT, 1},
      {512, 256, 128, 128, 128, 512, CUBLASLT_EPILOGUE_RELU_BIAS, 1},
      {512, 256, 128, 136, 128, 520, CUBLASLT_EPILOGUE_DEFAULT, 1},
      {64, 32, 128, 128, 128, 64, CUBLASLT_EPILOGUE_DEFAULT, 6},
  };
  for (const Product& product : products) multiply(handle, buffers, product);
  CHECK(cublasLtDestroy(handle));
}

void call_cublas(const Buffers& buffers) {
  cublasHandle_t handle = nullptr;
  CHECK(cublasCreate(&handle));
  const float alpha = 1, beta = 0;
  const auto *a = static_cast<const float*>(buffers.a), *b = static_cast<const float*>(buffers.b);
  auto* c = static_cast<float*>(buffers.c);
  const auto multiply = [&] {
    CHECK(cublasSgemm(handle, CUBLAS_OP_N, CUBLAS_OP_N, 300, 200, 100, &alpha, a, 300, b, 100,
                      &beta, c, 300));
  };
  for (int i = 0; i < 3; ++i) multiply();
  CHECK(cublasSetMathMode(handle, CUBLAS_TF32_TENSOR_OP_MATH));
  multiply();
  CHECK(cublasSgemv(handle, CUBLAS_OP_N, 300, 200, &alpha, a, 300, b, 1, &beta, c, 1));
  CHECK(cublasDestroy(handle));
}

}  // namespace

int main() {
  int devices = 0;
  if (cudaGetDeviceCount(&devices) != cudaSuccess || devices == 0) {
    std::fprintf(stderr, "skipped: no GPU\n");
    return 77;
  }
  const Buffers buffers;
  call_cublaslt(buffers);
  call_cublas(buffers);
  CHECK(cudaDeviceSynchronize());
  std::puts("done");
  return 0;
}
