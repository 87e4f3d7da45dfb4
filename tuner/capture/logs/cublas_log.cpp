#include "capture/logs/cublas_log.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

#include "capture/calls/log_values.h"
#include "capture/calls/matmul_call.h"
#include "core/text/words.h"

namespace tw::capture {
namespace {

std::string name_in(const LogEntry& entry, std::string_view field, std::string_view prefix) {
  return std::string(word_of(entry.value(field), prefix));
}

// "cublasSgemmStridedBatched_64" is the letter S and "gemmStridedBatched".
struct Routine {
  char letter = ' ';  // S, D, H, C, Z; a blank if the types are parameters
  std::string name;
};

Routine routine_of(std::string_view function) {
  function.remove_prefix(std::min<std::size_t>(function.size(), std::string_view("cublas").size()));
  for (const std::string_view suffix : {"_64", "_v2"}) {
    if (function.ends_with(suffix)) function.remove_suffix(suffix.size());
  }
  if (function.starts_with("Gemm")) return {' ', "gemm" + std::string(function.substr(4))};
  if (function.empty()) return {};
  return {function.front(), std::string(function.substr(1))};
}

std::string type_of(const LogEntry& entry, char letter, const std::string& field) {
  std::string type = name_in(entry, field, "CUDA_");
  if (!type.empty()) return type;
  switch (letter) {
    case 'S':
      return "R_32F";
    case 'D':
      return "R_64F";
    case 'H':
      return "R_16F";
    case 'C':
      return "C_32F";
    case 'Z':
      return "C_64F";
    default:
      return "of an unknown type";
  }
}

// Returns what the sums are computed in. The handle's math mode allows less where the call asks for
// plain f32.
std::string compute_of(const LogEntry& entry, char letter, const std::string& type) {
  std::string compute = name_in(entry, "computeType", "CUBLAS_COMPUTE_");
  if (compute.starts_with("CUDA_R_")) compute.erase(0, std::string_view("CUDA_R_").size());
  if (compute.empty() && letter == ' ') return "an unknown type";
  if (compute.empty()) compute = letter == 'H' ? "16F" : letter == 'D' ? "64F" : "32F";
  if (compute != "32F" || type != "R_32F") return compute;
  const auto allows = [&](std::string_view mode) { return entry.end.find(mode) != entry.end.npos; };
  if (allows("CUBLAS_TF32_TENSOR_OP_MATH")) return "32F_FAST_TF32";
  return allows("CUBLAS_TENSOR_OP_MATH") ? "32F_FAST_16F" : compute;  // the mode of cuBLAS 10
}

// Returns whether an operand is transposed; nothing if the log does not say.
std::optional<bool> transposes(const LogEntry& entry, std::string_view field) {
  const std::string operation = name_in(entry, field, "CUBLAS_OP_");
  if (operation == "N") return false;
  if (operation == "T" || operation == "C") return true;
  return std::nullopt;
}

// Reads the fields of a product. The first one that the log does not say is `missing`.
class ProductFields {
 public:
  explicit ProductFields(const LogEntry& entry) : entry_(entry) {}

  std::int64_t number(const std::string& field) {
    const auto value = integer_from(entry_.value(field));
    if (!value && missing_.empty()) missing_ = field;
    return value.value_or(0);
  }
  bool is_transposed(const std::string& field) {
    const auto value = transposes(entry_, field);
    if (!value && missing_.empty()) missing_ = field;
    return value.value_or(false);
  }
  StoredMatrix matrix(char letter, char name, bool has_stride) {
    const std::string upper(1, name), lower(1, static_cast<char>(name - 'A' + 'a'));
    return {.type = type_of(entry_, letter, upper + "type"),
            .ld = number("ld" + lower),
            .stride = has_stride ? number("stride" + upper) : 0};
  }
  const std::string& missing() const { return missing_; }

 private:
  const LogEntry& entry_;
  std::string missing_;
};

CapturedCall matmul_of(const LogEntry& entry, const Routine& routine) {
  const bool is_batch = routine.name.find("Batched") != routine.name.npos;
  const bool has_strides = routine.name.find("StridedBatched") != routine.name.npos;
  ProductFields fields(entry);
  MatmulCall call;
  call.transpose_a = fields.is_transposed("transa");
  call.transpose_b = fields.is_transposed("transb");
  call.m = fields.number("m");
  call.n = fields.number("n");
  call.k = fields.number("k");
  call.a = fields.matrix(routine.letter, 'A', has_strides);
  call.b = fields.matrix(routine.letter, 'B', has_strides);
  call.d = fields.matrix(routine.letter, 'C', has_strides);
  if (is_batch) call.batch = fields.number("batchCount");
  call.pointers = is_batch && !has_strides;
  call.compute = compute_of(entry, routine.letter, call.a.type);
  if (fields.missing().empty()) return call_of(call);
  return Unread{fmt::format("the log does not say {}", fields.missing())};
}

}  // namespace

bool counts_cublas(std::string_view function) {
  for (const std::string_view begin :
       {"cublasCreate", "cublasDestroy", "cublasSet", "cublasGet", "cublasLogger"}) {
    if (function.starts_with(begin)) return false;
  }
  return !function.empty();
}

void read_cublas_entry(const LogEntry& entry, Findings& findings) {
  const Routine routine = routine_of(entry.function);
  const bool is_gemm = routine.name.starts_with("gemm") && !routine.name.starts_with("gemmGrouped");
  findings.add(entry.function, is_gemm ? matmul_of(entry, routine)
                                       : CapturedCall(Unread{"no op of ours computes it"}));
}

}  // namespace tw::capture
