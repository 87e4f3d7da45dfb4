#include "capture/logs/cublaslt_log.h"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "capture/calls/launch_buffers.h"
#include "capture/calls/log_values.h"
#include "capture/calls/matmul_call.h"
#include "capture/logs/log_reader.h"
#include "core/text/words.h"

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

// Reads "A=0X1 Adesc=[type=R_32F rows=256] beta=1" to "A", "Adesc.type", "Adesc.rows", "beta".
// Returns nothing for brackets that are nested too deep: other names would lose their prefix.
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
    if (text.starts_with('[')) {
      if (lengths.size() == most_nested) return {};
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

std::string_view value_of(const Values& values, std::string_view name) {
  const auto found = values.find(name);
  return found == values.end() ? std::string_view() : found->second;
}

std::optional<std::int64_t> number_in(const Values& values, std::string_view name) {
  return integer_from(value_of(values, name));
}

std::string name_in(const Values& values, std::string_view name, std::string_view prefix) {
  return std::string(word_of(value_of(values, name), prefix));
}

bool is_transposed(const Values& values, std::string_view name) {
  const std::string operation = name_in(values, name, "OP_");
  return operation == "T" || operation == "C";
}

// Returns how the bias differs from a vector of D's type for all matrices of a batch; empty if it
// does not.
std::string odd_bias(const Values& values) {
  const std::string type = name_in(values, "computeDesc.biasDataType", "CUDA_");
  if (!type.empty() && type != name_in(values, "Ddesc.type", "CUDA_")) {
    return "a bias of type " + type;
  }
  return number_in(values, "computeDesc.biasBatchStride").value_or(0) == 0
             ? ""
             : "a bias for each matrix of a batch";
}

// Returns the part of a call that no op of ours has; empty if there is none.
std::string odd_part(const Values& values) {
  for (const char* scale : {"aScalePointer", "bScalePointer", "cScalePointer", "dScalePointer"}) {
    if (values.contains(std::string("computeDesc.") + scale)) return "scaled operands";
  }
  for (const char* matrix : {"Adesc", "Bdesc", "Cdesc", "Ddesc"}) {
    const std::string order = name_in(values, std::string(matrix) + ".order", "ORDER_");
    if (!order.empty() && order != "ROW" && order != "COL") return "order " + order;
  }
  if (value_of(values, "computeDesc.pointerMode").find("VECTOR") != std::string_view::npos) {
    return "alpha is a vector";
  }
  const std::string batch = name_in(values, "Ddesc.batchMode", "BATCH_MODE_");
  if (!batch.empty() && batch != "STRIDED" && batch != "POINTER_ARRAY") {
    return "batch mode " + batch;
  }
  return odd_bias(values);
}

StoredMatrix matrix_of(const Values& values, const std::string& name) {
  StoredMatrix matrix;
  matrix.type = name_in(values, name + ".type", "CUDA_");
  matrix.ld = number_in(values, name + ".ld").value_or(0);
  matrix.stride = number_in(values, name + ".stridedBatchOffset").value_or(0);
  matrix.row_major = value_of(values, name + ".order").ends_with("ROW");
  return matrix;
}

// Reads beta and C. Returns why it cannot; empty if it could. The log says "?" for each beta but 0,
// which is most often 1.
std::string read_beta(const Values& values, MatmulCall& call) {
  const std::string_view beta = value_of(values, "beta");
  if (beta.empty()) return "the log does not say beta";  // or the line is cut off
  call.beta = number_of(beta).value_or(1);
  const std::string_view apart = value_of(values, "outOfPlace");
  const bool is_apart =
      apart.empty() ? value_of(values, "C") != value_of(values, "D") : apart != "0";
  call.apart = call.beta != 0 && is_apart;
  return "";
}

// Reads a product into `call`. Returns why it cannot; empty if it could. The log does not say
// alpha.
std::string read_matmul(const Values& values, MatmulCall& call) {
  const auto m = number_in(values, "Ddesc.rows"), n = number_in(values, "Ddesc.cols");
  call.transpose_a = is_transposed(values, "computeDesc.transa");
  call.transpose_b = is_transposed(values, "computeDesc.transb");
  const auto k = number_in(values, call.transpose_a ? "Adesc.rows" : "Adesc.cols");
  if (!m || !n || !k) return "the log does not say the matrices' sizes";
  if (std::string reason = odd_part(values); !reason.empty()) return reason;
  call.m = *m;
  call.n = *n;
  call.k = *k;
  call.a = matrix_of(values, "Adesc");
  call.b = matrix_of(values, "Bdesc");
  call.d = matrix_of(values, "Ddesc");
  call.batch = number_in(values, "Ddesc.batchCount").value_or(1);
  call.pointers = name_in(values, "Ddesc.batchMode", "BATCH_MODE_") == "POINTER_ARRAY";
  call.compute = name_in(values, "computeDesc.computeType", "COMPUTE_");
  call.epilogue = name_in(values, "computeDesc.epilogue", "EPILOGUE_");
  return read_beta(values, call);
}

// Counts a product that the program asks for. cuDNN asks for some of its own.
void read_product(std::string_view function, const Values& values, std::string_view process,
                  Findings& findings) {
  MatmulCall call;
  if (const std::string why = read_matmul(values, call); !why.empty()) {
    return findings.add(function, Unread{why});
  }
  findings.add(function, call_of(call),
               LaunchBuffers{.process = process,
                             .inputs = {value_of(values, "A"), value_of(values, "B")},
                             .output = value_of(values, "D"),
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

void read_cublaslt_line(std::string_view line, bool is_whole, Findings& findings) {
  take_bracket(line);  // time
  take_bracket(line);  // library
  const std::string_view process = take_bracket(line);
  const std::string_view kind = take_bracket(line), function = take_bracket(line);
  if (kind != "Trace" || function.empty()) return;
  const bool is_product = function == "cublasLtMatmul";
  if (is_inner(function)) {
    if (is_whole) read_inner_product(values_of(line), findings);
  } else if (function == "cublasLtMatrixTransform") {
    findings.add(function, Unread{"no op of ours computes it"});
  } else if (is_product && is_whole) {
    read_product(function, values_of(line), process, findings);
  } else if (is_product) {
    findings.add(function, Unread{std::string(too_long)});
  }
}

}  // namespace tw::capture
