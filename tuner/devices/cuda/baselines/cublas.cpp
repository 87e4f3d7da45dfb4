// The cuBLAS baseline. It uses cuBLASLt, the interface for single products, which lists algorithms.
// The library is loaded on first use.
#include <cublasLt.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/base/error.h"
#include "devices/cuda/baselines/adaptors.h"
#include "devices/cuda/baselines/words.h"
#include "devices/gpu/runtime/device_memory.h"

namespace tw::cuda {
namespace {

// clang-format off
#define TW_CUBLAS_FUNCTIONS(X)                                                                 \
  X(cublasLtGetProperty) X(cublasLtGetStatusString) X(cublasLtCreate) X(cublasLtDestroy)       \
  X(cublasLtMatmulDescCreate) X(cublasLtMatmulDescDestroy) X(cublasLtMatmulDescSetAttribute)   \
  X(cublasLtMatrixLayoutCreate) X(cublasLtMatrixLayoutDestroy)                                 \
  X(cublasLtMatrixLayoutSetAttribute) X(cublasLtMatmulPreferenceCreate)                        \
  X(cublasLtMatmulPreferenceDestroy) X(cublasLtMatmulPreferenceSetAttribute)                   \
  X(cublasLtMatmulAlgoGetHeuristic) X(cublasLtMatmul)
// clang-format on

struct Cublas {
  TW_CUBLAS_FUNCTIONS(TW_ENTRY_MEMBER)
};

const Cublas& cublas() {
  static const Cublas table = [] {
    std::string tried;
    const char* const names[] = {"libcublasLt.so.13", "libcublasLt.so.12", "libcublasLt.so"};
    void* library = open_library(names, tried);
    if (!library) {
      throw Error(
          fmt::format("libcublasLt is not installed: {}; install it for a baseline", tried));
    }
    Cublas loaded;
    std::string missing;
    TW_CUBLAS_FUNCTIONS(TW_ENTRY_LOAD)
    if (!missing.empty()) {
      throw Error("libcublasLt lacks " + missing + ": install CUDA 12 or later");
    }
    return loaded;
  }();
  return table;
}

void require(cublasStatus_t status, const char* doing) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw Error(fmt::format("cuBLAS: {}: {}", doing, cublas().cublasLtGetStatusString(status)));
}

// the size that cuBLAS recommends for sm_90
constexpr std::int64_t workspace_bytes = std::int64_t{32} << 20;
constexpr int max_algorithms = 16;

cudaDataType_t cublas_type(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return CUDA_R_32F;
    case DType::f16:
      return CUDA_R_16F;
    case DType::bf16:
      return CUDA_R_16BF;
    default:
      throw Error(fmt::format("the cuBLAS baseline has no gemm for {}", name_of(dtype)));
  }
}

// A handle of the library with its destructor.
template <class T>
class CublasHandle {
 public:
  using Destroy = cublasStatus_t (*)(T);
  CublasHandle() = default;
  CublasHandle(const CublasHandle&) = delete;
  CublasHandle& operator=(const CublasHandle&) = delete;
  ~CublasHandle() {
    if (handle_) destroy_(handle_);
  }
  // Returns where the library stores the handle.
  T* out(Destroy destroy) {
    destroy_ = destroy;
    return &handle_;
  }
  T get() const { return handle_; }

 private:
  T handle_ = nullptr;
  Destroy destroy_ = nullptr;
};

class CublasGemm final : public gpu::Baseline {
 public:
  // The library is column-major: it computes C' = op(B)' op(A)', so the operands are swapped.
  CublasGemm(const gpu::BaselineCall& call, gpu::Runtime& runtime, CUstream stream)
      : call_(call), stream_(stream), workspace_(runtime, workspace_bytes) {
    require(cublas().cublasLtCreate(handle_.out(cublas().cublasLtDestroy)), "starting");
    const cudaDataType_t type = cublas_type(call.dtype);
    // Products of f32 are computed in fp32; TF32 is used only if the problem allows it.
    const bool tf32 = call.dtype == DType::f32 && call.math == "tf32";
    require(cublas().cublasLtMatmulDescCreate(
                product_.out(cublas().cublasLtMatmulDescDestroy),
                tf32 ? CUBLAS_COMPUTE_32F_FAST_TF32 : CUBLAS_COMPUTE_32F, CUDA_R_32F),
            "describing the product");
    set_operation(CUBLASLT_MATMUL_DESC_TRANSA, "transpose_b");
    set_operation(CUBLASLT_MATMUL_DESC_TRANSB, "transpose_a");
    describe(b_, type, "transpose_b", "n", "k", "ldb", "stride_b");
    describe(a_, type, "transpose_a", "k", "m", "lda", "stride_a");
    describe(c_, type, nullptr, "n", "m", "ldc", "stride_c");
    list_algorithms();
  }

  std::string version() const override { return "cuBLAS " + cublas_version(); }
  int algorithms() const override { return count_; }
  void choose(int algorithm) override { chosen_ = algorithm; }

  void launch() override {
    const auto alpha = static_cast<float>(call_.at("alpha").scalar);
    const auto beta = static_cast<float>(call_.at("beta").scalar);
    require(cublas().cublasLtMatmul(
                handle_.get(), product_.get(), &alpha, pointer("b"), b_.get(), pointer("a"),
                a_.get(), &beta, pointer("c"), c_.get(), pointer("c"), c_.get(),
                &found_[static_cast<std::size_t>(chosen_)].algo,
                reinterpret_cast<void*>(workspace_.address()),
                static_cast<std::size_t>(workspace_bytes), reinterpret_cast<cudaStream_t>(stream_)),
            "gemm");
  }

 private:
  using Layout = CublasHandle<cublasLtMatrixLayout_t>;

  void* pointer(const char* word) const { return reinterpret_cast<void*>(call_.at(word).pointer); }
  bool is_set(const char* word) const { return word && call_.at(word).integer != 0; }

  void set_operation(cublasLtMatmulDescAttributes_t attribute, const char* word) {
    const cublasOperation_t operation = is_set(word) ? CUBLAS_OP_T : CUBLAS_OP_N;
    require(cublas().cublasLtMatmulDescSetAttribute(product_.get(), attribute, &operation,
                                                    sizeof operation),
            "describing the product");
  }

  // rows, columns: the words of the operand's extents as the library sees it, before it is
  // transposed.
  void describe(Layout& layout, cudaDataType_t type, const char* transposed, const char* rows,
                const char* columns, const char* leading, const char* stride) {
    if (is_set(transposed)) std::swap(rows, columns);
    require(cublas().cublasLtMatrixLayoutCreate(
                layout.out(cublas().cublasLtMatrixLayoutDestroy), type,
                static_cast<std::uint64_t>(call_.at(rows).integer),
                static_cast<std::uint64_t>(call_.at(columns).integer), call_.at(leading).integer),
            "describing a matrix");
    const auto batch = static_cast<std::int32_t>(call_.at("batch").integer);
    const std::int64_t offset = call_.at(stride).integer;
    require(cublas().cublasLtMatrixLayoutSetAttribute(
                layout.get(), CUBLASLT_MATRIX_LAYOUT_BATCH_COUNT, &batch, sizeof batch),
            "describing a batch");
    require(cublas().cublasLtMatrixLayoutSetAttribute(
                layout.get(), CUBLASLT_MATRIX_LAYOUT_STRIDED_BATCH_OFFSET, &offset, sizeof offset),
            "describing a batch");
    if (!is_set("pointers")) return;
#if CUBLAS_VERSION >= 130000
    const std::int32_t mode = CUBLASLT_BATCH_MODE_POINTER_ARRAY;
    require(cublas().cublasLtMatrixLayoutSetAttribute(
                layout.get(), CUBLASLT_MATRIX_LAYOUT_BATCH_MODE, &mode, sizeof mode),
            "describing a batch by pointers");
#else
    throw Error(
        "the cuBLAS baseline takes batches by pointers only from CUDA 13 on: build with CUDA 13");
#endif
  }

  void list_algorithms() {
    CublasHandle<cublasLtMatmulPreference_t> preference;
    require(cublas().cublasLtMatmulPreferenceCreate(
                preference.out(cublas().cublasLtMatmulPreferenceDestroy)),
            "asking for algorithms");
    const auto prefer = [&](cublasLtMatmulPreferenceAttributes_t attribute, auto value) {
      require(cublas().cublasLtMatmulPreferenceSetAttribute(preference.get(), attribute, &value,
                                                            sizeof value),
              "asking for algorithms");
    };
    const auto alignment = [&](const char* word) {
      return static_cast<std::uint32_t>(std::min<std::uint64_t>(256, call_.at(word).alignment));
    };
    prefer(CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES, static_cast<std::uint64_t>(workspace_bytes));
    prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_A_BYTES, alignment("b"));
    prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_B_BYTES, alignment("a"));
    prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_C_BYTES, alignment("c"));
    prefer(CUBLASLT_MATMUL_PREF_MIN_ALIGNMENT_D_BYTES, alignment("c"));
    require(cublas().cublasLtMatmulAlgoGetHeuristic(handle_.get(), product_.get(), b_.get(),
                                                    a_.get(), c_.get(), c_.get(), preference.get(),
                                                    max_algorithms, found_.data(), &count_),
            "asking for algorithms");
    if (count_ == 0) throw Error("cuBLAS has no algorithm for this problem");
  }

  gpu::BaselineCall call_;
  CUstream stream_;
  gpu::DeviceMemory workspace_;
  CublasHandle<cublasLtHandle_t> handle_;
  CublasHandle<cublasLtMatmulDesc_t> product_;
  Layout a_, b_, c_;
  std::array<cublasLtMatmulHeuristicResult_t, max_algorithms> found_{};
  int count_ = 0;
  int chosen_ = 0;
};

}  // namespace

std::unique_ptr<gpu::Baseline> make_cublas(const gpu::BaselineCall& call, gpu::Runtime& runtime,
                                           CUstream stream) {
  if (call.call != "gemm") {
    throw Error(fmt::format("the cuBLAS baseline has no call {}: there is gemm", call.call));
  }
  allow_words(call.call, call.args,
              {"m", "n", "k", "batch", "a", "lda", "stride_a", "transpose_a", "b", "ldb",
               "stride_b", "transpose_b", "c", "ldc", "stride_c", "alpha", "beta", "pointers"});
  return std::make_unique<CublasGemm>(call, runtime, stream);
}

std::string cublas_version() {
  int major = 0, minor = 0, patch = 0;
  try {
    cublas().cublasLtGetProperty(MAJOR_VERSION, &major);
    cublas().cublasLtGetProperty(MINOR_VERSION, &minor);
    cublas().cublasLtGetProperty(PATCH_LEVEL, &patch);
  } catch (const Error&) {
    return "";
  }
  return fmt::format("{}.{}.{}", major, minor, patch);
}

}  // namespace tw::cuda
