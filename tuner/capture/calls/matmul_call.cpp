#include "capture/calls/matmul_call.h"

#include <fmt/format.h>

#include <map>
#include <optional>
#include <string_view>
#include <utility>

namespace tw::capture {
namespace {

constexpr std::pair<std::string_view, std::string_view> cuda_dtypes[] = {
    {"R_32F", "f32"}, {"R_16F", "f16"}, {"R_16BF", "bf16"}};

struct Epilogue {
  std::string_view name;
  bool has_bias;
  std::string_view step;
};
// cuBLASLt's GELU is the approximation by tanh.
constexpr Epilogue epilogues[] = {
    {"", false, ""},
    {"DEFAULT", false, ""},
    {"RELU", false, "relu"},
    {"BIAS", true, ""},
    {"RELU_BIAS", true, "relu"},
    {"GELU", false, "gelu_tanh"},
    {"GELU_BIAS", true, "gelu_tanh"},
};

std::optional<std::string_view> dtype_of(const MatmulCall& call) {
  if (call.a.type != call.b.type || call.a.type != call.d.type) return std::nullopt;
  for (const auto& [type, dtype] : cuda_dtypes) {
    if (call.a.type == type) return dtype;
  }
  return std::nullopt;
}

// Returns the math of a problem, empty for the dtype's own; nothing if we compute otherwise.
std::optional<std::string_view> math_of(std::string_view dtype, std::string_view compute) {
  if (compute == "32F" || compute == "32F_PEDANTIC") return "";
  if (dtype != "f32") {
    // The products of 16-bit numbers are exact, so that the fast modes change nothing.
    if (compute.starts_with("32F_FAST_")) return "";
    return std::nullopt;
  }
  if (compute == "32F_FAST_TF32") return "tf32";
  if (compute.starts_with("32F_EMULATED")) return "";
  return std::nullopt;
}

// Returns whether a matrix is stored transposed, if D's rows are contiguous or if the transposed
// product is computed (`swaps`).
bool is_transposed(const StoredMatrix& matrix, bool transposed, bool swaps) {
  const bool is_plain_here = matrix.row_major != transposed;
  return is_plain_here == swaps;
}

// The words of a product of row-major matrices.
std::map<std::string, std::int64_t> words_of(const MatmulCall& call) {
  const bool swaps = !call.d.row_major;
  const bool a = is_transposed(call.a, call.transpose_a, swaps);
  const bool b = is_transposed(call.b, call.transpose_b, swaps);
  const StoredMatrix &first = swaps ? call.b : call.a, &second = swaps ? call.a : call.b;
  std::map<std::string, std::int64_t> words{{"m", swaps ? call.n : call.m},
                                            {"n", swaps ? call.m : call.n},
                                            {"k", call.k},
                                            {"lda", first.ld},
                                            {"ldb", second.ld},
                                            {"ldc", call.d.ld},
                                            {"batch", call.batch},
                                            {"pointers", call.pointers ? 1 : 0},
                                            {"transpose_a", (swaps ? b : a) ? 1 : 0},
                                            {"transpose_b", (swaps ? a : b) ? 1 : 0}};
  if (call.batch > 1 && !call.pointers) {
    words["stride_a"] = first.stride;
    words["stride_b"] = second.stride;
    words["stride_c"] = call.d.stride;
  }
  return words;
}

}  // namespace

CapturedCall call_of(const MatmulCall& call) {
  const auto dtype = dtype_of(call);
  if (!dtype) {
    return Unread{
        fmt::format("no such dtypes: A {}, B {}, D {}", call.a.type, call.b.type, call.d.type)};
  }
  const auto math = math_of(*dtype, call.compute);
  if (!math) return Unread{fmt::format("{} computed in {}", *dtype, call.compute)};
  const Epilogue* epilogue = nullptr;
  for (const Epilogue& one : epilogues) {
    if (one.name == call.epilogue) epilogue = &one;
  }
  if (!epilogue) return Unread{fmt::format("no such epilogue: {}", call.epilogue)};
  if (call.apart) return Unread{"beta is not 0, and C is another matrix than D"};
  LibraryCall product{.library = "cublas",
                      .call = "gemm",
                      .words = words_of(call),
                      .scalars = {{"beta", call.beta}},
                      .dtype = std::string(*dtype),
                      .math = std::string(*math)};
  // The library adds one value to each row of its D.
  if (epilogue->has_bias) product.epilogue = call.d.row_major ? "bias_row" : "bias_column";
  if (!epilogue->step.empty()) {
    product.epilogue += (epilogue->has_bias ? "," : "") + std::string(epilogue->step);
  }
  return product;
}

}  // namespace tw::capture
