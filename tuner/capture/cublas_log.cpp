#include "capture/cublas_log.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "capture/matmul_call.h"

namespace tw::capture {
namespace {

std::optional<std::int64_t> number_of(const LogEntry& entry, std::string_view name) {
  const std::string_view text = entry.value(name);
  std::int64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || fault != std::errc()) return std::nullopt;
  return value;
}

// Returns the name of a value without its prefix and number: "CUDA_R_16F(2)" gives "R_16F".
std::string word_of(const LogEntry& entry, std::string_view name, std::string_view prefix) {
  std::string_view text = entry.value(name);
  text = text.substr(0, text.find('('));
  if (text.starts_with(prefix)) text.remove_prefix(prefix.size());
  return std::string(text);
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

std::string type_of(const LogEntry& entry, char letter, std::string_view name) {
  std::string type = word_of(entry, name, "CUDA_");
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

// Returns what the sums are computed in. The handle's math mode allows TF32 where the call asks for
// plain f32.
std::string compute_of(const LogEntry& entry, char letter, const std::string& type) {
  std::string compute = word_of(entry, "computeType", "CUBLAS_COMPUTE_");
  if (compute.starts_with("CUDA_R_")) compute.erase(0, std::string_view("CUDA_R_").size());
  if (compute.empty()) compute = letter == 'H' ? "16F" : letter == 'D' ? "64F" : "32F";
  const bool allows_tf32 = entry.end.find("CUBLAS_TF32_TENSOR_OP_MATH") != entry.end.npos;
  return compute == "32F" && type == "R_32F" && allows_tf32 ? "32F_FAST_TF32" : compute;
}

StoredMatrix matrix_of(const LogEntry& entry, char letter, char matrix) {
  const std::string name(1, matrix);
  return {
      .type = type_of(entry, letter, name + "type"),
      .ld = number_of(entry, std::string("ld") + static_cast<char>(matrix - 'A' + 'a')).value_or(0),
      .stride = number_of(entry, "stride" + name).value_or(0)};
}

CapturedCall matmul_of(const LogEntry& entry, const Routine& routine) {
  const auto m = number_of(entry, "m"), n = number_of(entry, "n"), k = number_of(entry, "k");
  if (!m || !n || !k) return Unread{"the log does not say m, n and k"};
  MatmulCall call{.m = *m,
                  .n = *n,
                  .k = *k,
                  .a = matrix_of(entry, routine.letter, 'A'),
                  .b = matrix_of(entry, routine.letter, 'B'),
                  .d = matrix_of(entry, routine.letter, 'C')};
  call.transpose_a = word_of(entry, "transa", "") != "CUBLAS_OP_N";
  call.transpose_b = word_of(entry, "transb", "") != "CUBLAS_OP_N";
  call.batch = number_of(entry, "batchCount").value_or(1);
  call.pointers = !entry.value("Aarray").empty();
  call.compute = compute_of(entry, routine.letter, call.a.type);
  return call_of(call);
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
