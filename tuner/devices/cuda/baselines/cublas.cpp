// cuBLAS, loaded on first use.
#include <cublas_v2.h>
#include <fmt/format.h>

#include "baseline.h"
#include "error.h"

namespace tw::cuda {
namespace {

// clang-format off
#define TW_CUBLAS_FUNCTIONS(X)                                                                 \
  X(cublasGetProperty) X(cublasCreate) X(cublasDestroy) X(cublasSetStream)                     \
  X(cublasSetWorkspace) X(cublasSetMathMode) X(cublasSgemm) X(cublasGetStatusString)
// clang-format on

struct Cublas {
  TW_CUBLAS_FUNCTIONS(TW_ENTRY_MEMBER)
};

const Cublas& cublas() {
  static const Cublas table = [] {
    std::string tried;
    const char* const names[] = {"libcublas.so.13", "libcublas.so.12", "libcublas.so"};
    void* library = open_library(names, tried);
    if (!library) {
      throw Error(fmt::format("libcublas is not installed: {}; install it for a baseline", tried));
    }
    Cublas loaded;
    std::string missing;
    TW_CUBLAS_FUNCTIONS(TW_ENTRY_LOAD)
    if (!missing.empty()) throw Error("libcublas lacks " + missing + ": install CUDA 12 or later");
    return loaded;
  }();
  return table;
}

void require(cublasStatus_t status, const char* doing) {
  if (status == CUBLAS_STATUS_SUCCESS) return;
  throw Error(fmt::format("cuBLAS: {}: {}", doing, cublas().cublasGetStatusString(status)));
}

constexpr std::int64_t workspace_bytes = std::int64_t{32} << 20;  // what cuBLAS advises for sm_90

class CublasGemm final : public Baseline {
 public:
  CublasGemm(const BaselineCall& call, const Context& context) : call_(call) {
    if (call.dtype != DType::f32) {
      throw Error(fmt::format("the cuBLAS baseline has no gemm for {}", name_of(call.dtype)));
    }
    require(cublas().cublasCreate(&handle_), "starting");
    require(cublas().cublasSetStream(handle_, context.stream()), "taking the stream");
    workspace_ = DeviceMemory(workspace_bytes);
    require(cublas().cublasSetWorkspace(handle_, reinterpret_cast<void*>(workspace_.address()),
                                        static_cast<std::size_t>(workspace_bytes)),
            "taking a workspace");
    // The default mode is fp32 throughout; TF32 only where the problem allows it.
    const cublasMath_t mode =
        call.math == "tf32" ? CUBLAS_TF32_TENSOR_OP_MATH : CUBLAS_DEFAULT_MATH;
    require(cublas().cublasSetMathMode(handle_, mode), "setting the math mode");
  }
  CublasGemm(const CublasGemm&) = delete;
  CublasGemm& operator=(const CublasGemm&) = delete;
  ~CublasGemm() override { cublas().cublasDestroy(handle_); }

  std::string version() const override { return "cuBLAS " + cublas_version(); }

  // Row-major C is column-major C transposed, so the operands swap: C' = op(B)' op(A)'.
  void launch() override {
    const auto integer = [&](const char* word) { return static_cast<int>(call_.at(word).integer); };
    const auto matrix = [&](const char* word) {
      return reinterpret_cast<float*>(call_.at(word).pointer);
    };
    const auto operation = [&](const char* word) {
      return call_.at(word).integer != 0 ? CUBLAS_OP_T : CUBLAS_OP_N;
    };
    const auto alpha = static_cast<float>(call_.at("alpha").scalar);
    const auto beta = static_cast<float>(call_.at("beta").scalar);
    require(cublas().cublasSgemm(handle_, operation("transpose_b"), operation("transpose_a"),
                                 integer("n"), integer("m"), integer("k"), &alpha, matrix("b"),
                                 integer("ldb"), matrix("a"), integer("lda"), &beta, matrix("c"),
                                 integer("ldc")),
            "gemm");
  }

 private:
  BaselineCall call_;
  cublasHandle_t handle_ = nullptr;
  DeviceMemory workspace_;
};

}  // namespace

std::unique_ptr<Baseline> make_cublas(const BaselineCall& call, const Context& context) {
  if (call.call == "gemm") return std::make_unique<CublasGemm>(call, context);
  throw Error(fmt::format("the cuBLAS baseline has no call {}: there is gemm", call.call));
}

std::string cublas_version() {
  int major = 0, minor = 0, patch = 0;
  try {
    cublas().cublasGetProperty(MAJOR_VERSION, &major);
    cublas().cublasGetProperty(MINOR_VERSION, &minor);
    cublas().cublasGetProperty(PATCH_LEVEL, &patch);
  } catch (const Error&) {
    return "";
  }
  return fmt::format("{}.{}.{}", major, minor, patch);
}

}  // namespace tw::cuda
