// A product of matrices as cuBLAS and cuBLASLt name it.
#pragma once
#include <cstdint>
#include <string>

#include "capture/calls/library_call.h"

namespace tw::capture {

// A matrix as it is stored. Sizes are in elements.
struct StoredMatrix {
  std::string type;         // "R_16BF", as cudaDataType_t without CUDA_
  std::int64_t ld = 0;      // leading dimension
  std::int64_t stride = 0;  // from one matrix of a batch to the next
  bool row_major = false;   // cuBLASLt's order ROW; otherwise columns are contiguous
};

// D = epilogue(alpha * op(A) * op(B) + beta * C): op(A) is m x k, op(B) is k x n.
struct MatmulCall {
  std::int64_t m = 0, n = 0, k = 0;
  StoredMatrix a, b, d;
  bool transpose_a = false, transpose_b = false;
  std::int64_t batch = 1;
  bool pointers = false;   // a batch by arrays of pointers
  std::string compute{};   // "32F", as cublasComputeType_t without CUBLAS_COMPUTE_
  std::string epilogue{};  // "RELU_BIAS", as cublasLtEpilogue_t; empty: none
  double beta = 0;
  bool apart = false;  // C is another matrix than D, and is read
};

// Returns the product in the words of cuBLAS's adaptor (devices/cuda/baselines). Its matrices are
// row-major: if D is column-major, it is read as its transpose, op(B)^T * op(A)^T, so that A and B
// change places.
CapturedCall call_of(const MatmulCall& call);

}  // namespace tw::capture
