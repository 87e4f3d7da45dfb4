#include "capture/cublaslt_log.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "capture/launch_buffers.h"
#include "capture/matmul_call.h"

namespace tw::capture {
namespace {

using Values = std::map<std::string, std::string, std::less<>>;

// Takes the text in the next brackets from the front of the line; empty if there is none.
std::string_view take_bracket(std::string_view& line) {
  const std::size_t end = line.find(']');
  if (!line.starts_with('[') || end == line.npos) return "";
  const std::string_view inside = line.substr(1, end - 1);
  line.remove_prefix(end + 1);
  return inside;
}

// Brackets that are nested deeper are none of the library's.
constexpr std::size_t most_nested = 8;

// Reads "A=0X1 Adesc=[type=R_32F rows=256] alpha=1" to "A", "Adesc.type", "Adesc.rows", "alpha".
Values values_of(std::string_view text) {
  Values values;
  std::string prefix;
  std::vector<std::size_t> lengths;  // of the prefix outside of each open bracket
  while (!text.empty()) {
    if (text.front() == ' ' || text.front() == ']') {
      if (text.front() == ']' && !lengths.empty()) {
        prefix.resize(lengths.back());
        lengths.pop_back();
      }
      text.remove_prefix(1);
      continue;
    }
    const std::size_t end = text.find_first_of(" ]="), equals = text.find('=');
    if (end == text.npos || end != equals) {  // a word without a value
      text.remove_prefix(std::min(end, text.size()));
      continue;
    }
    const std::string name = prefix + std::string(text.substr(0, equals));
    text.remove_prefix(equals + 1);
    if (text.starts_with('[') && lengths.size() < most_nested) {
      lengths.push_back(prefix.size());
      prefix = name + '.';
      text.remove_prefix(1);
      continue;
    }
    const std::size_t length = std::min(text.find_first_of(" ]"), text.size());
    values.insert_or_assign(name, std::string(text.substr(0, length)));
    text.remove_prefix(length);
  }
  return values;
}

std::string value_of(const Values& values, std::string_view name) {
  const auto found = values.find(name);
  return found == values.end() ? "" : found->second;
}

std::optional<std::int64_t> number_of(const Values& values, const std::string& name) {
  const std::string text = value_of(values, name);
  std::int64_t value = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || fault != std::errc()) return std::nullopt;
  return value;
}

// Returns the value without a prefix that all values of its kind have.
std::string word_of(const Values& values, std::string_view name, std::string_view prefix) {
  std::string text = value_of(values, name);
  if (text.starts_with(prefix)) text.erase(0, prefix.size());
  return text;
}

bool is_transposed(const Values& values, std::string_view name) {
  const std::string operation = word_of(values, name, "OP_");
  return operation == "T" || operation == "C";
}

// Returns the part of a call that no op of ours has; empty if there is none.
std::string odd_part(const Values& values) {
  for (const char* scale : {"aScalePointer", "bScalePointer", "cScalePointer", "dScalePointer"}) {
    if (values.contains(std::string("computeDesc.") + scale)) return "scaled operands";
  }
  for (const char* matrix : {"Adesc", "Bdesc", "Cdesc", "Ddesc"}) {
    const std::string order = word_of(values, std::string(matrix) + ".order", "ORDER_");
    if (!order.empty() && order != "ROW" && order != "COL") return "order " + order;
  }
  const std::string pointers = word_of(values, "computeDesc.pointerMode", "POINTER_MODE_");
  if (pointers.find("VECTOR") != pointers.npos) return "alpha is a vector";
  return "";
}

StoredMatrix matrix_of(const Values& values, const std::string& name) {
  StoredMatrix matrix;
  matrix.type = word_of(values, name + ".type", "CUDA_");
  matrix.ld = number_of(values, name + ".ld").value_or(0);
  matrix.stride = number_of(values, name + ".stridedBatchOffset").value_or(0);
  matrix.row_major = value_of(values, name + ".order").ends_with("ROW");
  return matrix;
}

// Reads a product into `call`. Returns why it cannot; empty if it could. The log does not say
// alpha, and "?" for each beta but 0, which is most often 1.
std::string read_matmul(const Values& values, MatmulCall& call) {
  const auto m = number_of(values, "Ddesc.rows"), n = number_of(values, "Ddesc.cols");
  call.transpose_a = is_transposed(values, "computeDesc.transa");
  call.transpose_b = is_transposed(values, "computeDesc.transb");
  const auto k = number_of(values, call.transpose_a ? "Adesc.rows" : "Adesc.cols");
  if (!m || !n || !k) return "the log does not say the matrices' sizes";
  if (std::string reason = odd_part(values); !reason.empty()) return reason;
  call.m = *m;
  call.n = *n;
  call.k = *k;
  call.a = matrix_of(values, "Adesc");
  call.b = matrix_of(values, "Bdesc");
  call.d = matrix_of(values, "Ddesc");
  call.batch = number_of(values, "Ddesc.batchCount").value_or(1);
  call.pointers = value_of(values, "Ddesc.batchMode") == "POINTER_ARRAY";
  call.compute = word_of(values, "computeDesc.computeType", "COMPUTE_");
  call.epilogue = word_of(values, "computeDesc.epilogue", "EPILOGUE_");
  const std::string beta = value_of(values, "beta");
  if (!beta.empty() && beta != "0") call.beta = 1;
  call.apart = call.beta != 0 && value_of(values, "outOfPlace") == "1";
  return "";
}

// Counts a product that the program asks for. cuDNN asks for some of its own.
void read_product(std::string_view function, const Values& values, std::string_view process,
                  Findings& findings) {
  MatmulCall call;
  if (const std::string why = read_matmul(values, call); !why.empty()) {
    return findings.add(function, Unread{why});
  }
  const std::string a = value_of(values, "A"), b = value_of(values, "B"), d = value_of(values, "D");
  findings.add(function, call_of(call),
               LaunchBuffers{.process = process,
                             .inputs = {a, b},
                             .output = d,
                             .factors = {call.m, call.n, call.k, call.batch}}
                   .key());
}

// Counts a product that cuBLAS asks for. Only what cuBLAS's own log does not say is new: whether it
// adds to C.
void read_inner_product(const Values& values, Findings& findings) {
  MatmulCall call;
  if (!read_matmul(values, call).empty() || call.beta == 0) return;
  const CapturedCall summed = call_of(call);
  call.beta = 0;
  const CapturedCall product = call_of(call);
  const auto* to = std::get_if<LibraryCall>(&summed);
  const auto* from = std::get_if<LibraryCall>(&product);
  if (to && from) findings.add_sum(*from, *to);
}

// cuBLAS calls functions such as cublasLtHSHMatmul.
bool is_inner(std::string_view function) {
  constexpr std::string_view begin = "cublasLt", end = "Matmul";
  return function.starts_with(begin) && function.ends_with(end) &&
         function.size() > begin.size() + end.size();
}

}  // namespace

bool is_cublaslt_line(std::string_view line) {
  take_bracket(line);
  return take_bracket(line) == "cublasLt";
}

void read_cublaslt_line(std::string_view line, Findings& findings) {
  take_bracket(line);  // time
  take_bracket(line);  // library
  const std::string_view process = take_bracket(line);
  const std::string_view kind = take_bracket(line), function = take_bracket(line);
  if (kind != "Trace" || function.empty()) return;
  if (function == "cublasLtMatmul") {
    read_product(function, values_of(line), process, findings);
  } else if (is_inner(function)) {
    read_inner_product(values_of(line), findings);
  } else if (function == "cublasLtMatrixTransform") {
    findings.add(function, Unread{"no op of ours computes it"});
  }
}

}  // namespace tw::capture
