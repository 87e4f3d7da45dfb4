#include "capture/matmul_call.h"

#include <fmt/format.h>

#include <array>
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

// The letter of our layout: whether a matrix, seen row-major, is stored plainly.
char letter(const StoredMatrix& matrix, bool transposed, bool as_transpose) {
  const bool is_plain_here = matrix.row_major != transposed;
  return is_plain_here != as_transpose ? 'n' : 't';
}

// The sizes of our problem; A and B are ours.
struct Sizes {
  std::int64_t m, n, k;
  const StoredMatrix &a, &b, &c;
  std::string layout;
  bool a_transposed() const { return layout[0] == 't'; }
  bool b_transposed() const { return layout[1] == 't'; }
};

Sizes sizes_of(const MatmulCall& call) {
  const bool swaps = !call.d.row_major;
  const char a = letter(call.a, call.transpose_a, swaps);
  const char b = letter(call.b, call.transpose_b, swaps);
  if (swaps) return {call.n, call.m, call.k, call.b, call.a, call.d, {b, a}};
  return {call.m, call.n, call.k, call.a, call.b, call.d, {a, b}};
}

std::vector<std::pair<std::string, std::string>> shape_of(const MatmulCall& call,
                                                          const Sizes& sizes) {
  std::vector<std::pair<std::string, std::string>> shape;
  const auto add = [&](const char* name, std::int64_t value, std::int64_t usual) {
    if (value != usual) shape.emplace_back(name, std::to_string(value));
  };
  const auto& [m, n, k, a, b, c, layout] = sizes;
  add("m", m, -1);
  add("n", n, -1);
  add("k", k, -1);
  add("lda", a.ld, sizes.a_transposed() ? m : k);
  add("ldb", b.ld, sizes.b_transposed() ? k : n);
  add("ldc", c.ld, n);
  if (call.batch > 1) {
    add("batch", call.batch, 1);
    if (!call.pointers) {
      add("stride_a", a.stride, (sizes.a_transposed() ? k : m) * a.ld);
      add("stride_b", b.stride, (sizes.b_transposed() ? n : k) * b.ld);
      add("stride_c", c.stride, m * c.ld);
    }
  }
  if (call.pointers) shape.emplace_back("batches", "pointers");
  if (call.alpha != "1") shape.emplace_back("alpha", call.alpha);
  if (call.beta != "0") shape.emplace_back("beta", call.beta);
  return shape;
}

}  // namespace

CapturedCall problem_of(const MatmulCall& call) {
  const auto dtype = dtype_of(call);
  if (!dtype) {
    return Unread{fmt::format("no such dtypes in op gemm: A {}, B {}, D {}", call.a.type,
                              call.b.type, call.d.type)};
  }
  const auto math = math_of(*dtype, call.compute);
  if (!math) return Unread{fmt::format("{} computed in {}", *dtype, call.compute)};
  const Epilogue* epilogue = nullptr;
  for (const Epilogue& one : epilogues) {
    if (one.name == call.epilogue) epilogue = &one;
  }
  if (!epilogue) return Unread{fmt::format("no such epilogue: {}", call.epilogue)};
  if (call.apart) return Unread{"beta is not 0, and C is another matrix than D"};
  const Sizes sizes = sizes_of(call);
  CapturedProblem problem{.op = "gemm",
                          .shape = shape_of(call, sizes),
                          .dtype = std::string(*dtype),
                          .layout = sizes.layout == "nn" ? "" : sizes.layout,
                          .math = std::string(*math)};
  // The library adds one value to each row of its D.
  if (epilogue->has_bias) problem.epilogue = call.d.row_major ? "bias_row" : "bias_column";
  if (!epilogue->step.empty()) {
    problem.epilogue += (epilogue->has_bias ? "," : "") + std::string(epilogue->step);
  }
  return problem;
}

}  // namespace tw::capture
