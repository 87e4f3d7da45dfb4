// Computes the properties of a problem on a device: slots, tensor layouts, memory, FLOPs and the
// roofline. Its texts are in problem_text.cpp.
#include "core/problem/problem.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "core/base/error.h"

namespace tw {
namespace {

double gib(std::int64_t bytes) { return static_cast<double>(bytes) / (1 << 30); }

double value_of(const OpSpec& op, const Expr& expr, const char* what, const Problem& problem,
                const DeviceInfo& device) {
  const auto value = expr.evaluate(slots_of(op, op.names, problem, device));
  if (!value) {
    throw Error(fmt::format("op {}: '{}' = \"{}\" has no value for {}: use a smaller shape",
                            op.name, what, expr.text(), problem.shape(op)));
  }
  return static_cast<double>(*value);
}

// Returns the FLOP/s of the units that the problem's math may use; 0 if unknown.
double peak_of(const std::string& math, const DeviceInfo& device) {
  // Three TF32 products give one product of fp32's accuracy.
  if (math == "f32") return std::max(device.f32_flops, device.tf32_flops / 3);
  if (math == "tf32") return device.tf32_flops;
  if (math == "bf16" || math == "f16") return device.bf16_flops;
  return 0;
}

}  // namespace

std::array<std::int64_t, 5> common_slots(const Problem& problem) {
  return {static_cast<std::int64_t>(problem.dtype), number_of_math(problem.math),
          size_of(problem.dtype), problem.align, problem.epilogue.reduced()};
}

std::vector<std::int64_t> slots_of(const OpSpec& op, const Names& names, const Problem& problem,
                                   const DeviceInfo& device) {
  std::vector<std::int64_t> slots(problem.dims);
  slots.resize(op.dims.size());
  slots.insert(slots.end(), problem.choices.begin(), problem.choices.end());
  slots.resize(op.dims.size() + op.choices.size());
  for (const std::int64_t value : common_slots(problem)) slots.push_back(value);
  for (const std::int64_t value : device_values(device)) slots.push_back(value);
  slots.resize(static_cast<std::size_t>(names.size()));
  return slots;
}

int least_align(const OpSpec& op, DType dtype) {
  int bytes = std::max(2, size_of(dtype));
  for (const TensorSpec& tensor : op.tensors) {
    bytes = std::max(bytes, size_of(dtype_of(tensor, dtype)));
  }
  return bytes;
}

std::variant<TensorLayout, Refusal> find_layout(const TensorSpec& tensor,
                                                std::span<const std::int64_t> slots) {
  TensorLayout layout;
  std::int64_t last = 0;  // offset of the last element
  for (std::size_t i = 0; i < tensor.shape.size(); ++i) {
    const auto extent = tensor.shape[i].evaluate(slots);
    const auto stride = tensor.strides[i].evaluate(slots);
    if (!extent || !stride || *extent < 1 || *stride < 0) {
      return Refusal{
          fmt::format("tensor {}: its extent \"{}\" with stride \"{}\" is not a size for "
                      "this shape: change the shape",
                      tensor.name, tensor.shape[i].text(), tensor.strides[i].text())};
    }
    const bool too_large = *stride > 0 && *extent - 1 > (max_elements - 1 - last) / *stride;
    if (too_large) {
      return Refusal{fmt::format(
          "tensor {} would have more than 2^40 elements: use a smaller shape", tensor.name)};
    }
    last += (*extent - 1) * *stride;
    layout.shape.push_back(*extent);
    layout.strides.push_back(*stride);
  }
  layout.elements = last + 1;
  return layout;
}

TensorLayout layout_of(const TensorSpec& tensor, std::span<const std::int64_t> slots) {
  auto found = find_layout(tensor, slots);
  if (const auto* refusal = std::get_if<Refusal>(&found)) throw Error(refusal->reason);
  return std::get<TensorLayout>(std::move(found));
}

std::variant<std::optional<IntegerRange>, Refusal> find_range(const TensorSpec& tensor,
                                                              DType problem,
                                                              std::span<const std::int64_t> slots) {
  if (tensor.range.empty()) return std::nullopt;
  const Expr &low = tensor.range.front(), &high = tensor.range.back();
  const auto first = low.evaluate(slots), last = high.evaluate(slots);
  if (!first || !last) {
    return Refusal{
        fmt::format("tensor {}: its range, \"{}\" to \"{}\", has no value for this shape",
                    tensor.name, low.text(), high.text())};
  }
  if (*first > *last) {
    return Refusal{fmt::format("tensor {}: its range, {} to {}, ends before it begins", tensor.name,
                               *first, *last)};
  }
  const DType dtype = dtype_of(tensor, problem);
  const IntegerRange limits = limits_of(dtype);
  if (*first < limits.low || *last > limits.high) {
    return Refusal{fmt::format("tensor {}: its range, {} to {}, is beyond {}, which has {} to {}",
                               tensor.name, *first, *last, name_of(dtype), limits.low,
                               limits.high)};
  }
  return IntegerRange{*first, *last};
}

namespace {

// Returns the name of a type in a .npy file. NumPy has no bf16: ml_dtypes writes it as V2.
std::string npy_type(DType dtype) {
  if (dtype == DType::bf16) return "V2";
  const char kind = name_of(dtype).front();  // f, i or u
  return fmt::format("{}{}", kind, size_of(dtype));
}

bool is_dense(const TensorLayout& layout) {
  std::int64_t count = 1;
  for (std::size_t i = layout.shape.size(); i-- > 0;) {
    if (layout.shape[i] != 1 && layout.strides[i] != count) return false;
    count *= layout.shape[i];
  }
  return true;
}

std::string list_of(const std::vector<std::int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

__extension__ using Wide = __int128;

// Returns what is wrong with integers that start at values.low, values.high apart; empty if the
// type has all of them.
std::string iota_fault(const TensorValues& values, DType dtype, std::int64_t elements) {
  const IntegerRange limits = limits_of(dtype);
  for (const std::int64_t i : {std::int64_t{0}, elements - 1}) {
    const Wide value = values.low + static_cast<Wide>(values.high) * i;
    if (value >= limits.low && value <= limits.high) continue;
    return fmt::format("its iota is {} for i = {}, beyond {}, which has {} to {}", value, i,
                       name_of(dtype), limits.low, limits.high);
  }
  return "";
}

// Evaluates the integers of a rule. Refuses numbers that the tensor's type does not have.
std::variant<TensorValues, Refusal> find_integers(const TensorSpec& tensor, DType dtype,
                                                  std::span<const std::int64_t> slots,
                                                  TensorValues values) {
  using Rule = ValuesSpec::Rule;
  std::vector<std::int64_t> numbers;
  for (const Expr& expr : tensor.values.integers) {
    const auto number = expr.evaluate(slots);
    if (!number) {
      return Refusal{fmt::format("tensor {}: its value, \"{}\", has no value for this shape",
                                 tensor.name, expr.text())};
    }
    numbers.push_back(*number);
  }
  if (!numbers.empty()) values.low = numbers.front();
  if (numbers.size() > 1) values.high = numbers.back();
  const IntegerRange limits = limits_of(dtype);
  if (values.rule == Rule::constant && (values.low < limits.low || values.low > limits.high)) {
    return Refusal{fmt::format("tensor {}: its value, {}, is beyond {}, which has {} to {}",
                               tensor.name, values.low, name_of(dtype), limits.low, limits.high)};
  }
  const auto layout = find_layout(tensor, slots);
  const auto* const found = std::get_if<TensorLayout>(&layout);
  if (values.rule == Rule::permutation && found &&
      found->elements - 1 > std::min(limits.high, std::int64_t{INT32_MAX})) {
    return Refusal{fmt::format("tensor {}: {} has no permutation of {} elements", tensor.name,
                               name_of(dtype), found->elements)};
  }
  if (values.rule == Rule::iota && found) {
    const std::string wrong = iota_fault(values, dtype, found->elements);
    if (!wrong.empty()) return Refusal{fmt::format("tensor {}: {}", tensor.name, wrong)};
  }
  return values;
}

}  // namespace

std::string file_mismatch(const ArrayFile& file, DType dtype, const TensorLayout& layout) {
  if (!is_dense(layout)) return "the tensor is not dense: remove its strides";
  const std::int64_t bytes = layout.elements * size_of(dtype);
  if (file.is_raw) {
    if (file.bytes == bytes) return "";
    return fmt::format("has {} bytes, the tensor {}", file.bytes, bytes);
  }
  if (file.type != npy_type(dtype)) {
    return fmt::format("holds {}, the tensor {}, which is {}", file.type, name_of(dtype),
                       npy_type(dtype));
  }
  if (file.shape != layout.shape) {
    return fmt::format("has the shape {}, the tensor {}", list_of(file.shape),
                       list_of(layout.shape));
  }
  if (file.bytes != bytes) {
    return fmt::format("has {} bytes of elements instead of {}: write it again", file.bytes, bytes);
  }
  return "";
}

namespace {

bool is_given(const ValuesSpec& spec) {
  return spec.rule == ValuesSpec::Rule::file || spec.rule == ValuesSpec::Rule::formula;
}

// Evaluates a file or a formula. Refuses one that does not have the tensor's elements.
std::variant<TensorValues, Refusal> find_given(const TensorSpec& tensor, const ValuesSpec& spec,
                                               DType dtype, std::span<const std::int64_t> slots) {
  const auto found = find_layout(tensor, slots);
  if (const auto* refusal = std::get_if<Refusal>(&found)) return *refusal;
  const auto& layout = std::get<TensorLayout>(found);
  TensorValues values;
  values.rule = spec.rule;
  std::string wrong;
  if (spec.rule == ValuesSpec::Rule::file) {
    values.file = spec.file;
    wrong = file_mismatch(spec.file, dtype, layout);
    if (!wrong.empty()) wrong = fmt::format("{} {}", spec.file.path, wrong);
  } else {
    values.formula.texts = spec.formula;
    for (const auto& [name, slot] : spec.formula_dims) {
      values.formula.dims.emplace_back(name, slots[static_cast<std::size_t>(slot)]);
    }
    wrong = is_dense(layout) ? formula_fault(values.formula, dtype, layout.elements)
                             : "a formula is for dense tensors: remove the strides";
  }
  if (!wrong.empty()) return Refusal{fmt::format("tensor {}: {}", tensor.name, wrong)};
  return values;
}

}  // namespace

std::variant<TensorValues, Refusal> find_values(const TensorSpec& tensor, DType problem,
                                                std::span<const std::int64_t> slots) {
  const ValuesSpec& spec = tensor.values;
  const DType dtype = dtype_of(tensor, problem);
  if (is_given(spec)) return find_given(tensor, spec, dtype, slots);
  TensorValues values;
  values.rule = spec.rule;
  if (is_integer(dtype)) return find_integers(tensor, dtype, slots, std::move(values));
  if (!spec.numbers.empty()) values.from = spec.numbers.front();
  if (spec.numbers.size() > 1) values.to = spec.numbers.back();
  return values;
}

std::variant<TensorValues, Refusal> find_expected(const TensorSpec& tensor, DType problem,
                                                  std::span<const std::int64_t> slots) {
  return find_given(tensor, *tensor.expected, dtype_of(tensor, problem), slots);
}

MemoryNeed memory_need(const OpSpec& op, const Problem& problem, const DeviceInfo& device) {
  const std::vector<std::int64_t> slots = slots_of(op, op.names, problem, device);
  MemoryNeed need;
  for (const TensorSpec& tensor : op.tensors) {
    const std::int64_t elements = layout_of(tensor, slots).elements;
    const std::int64_t size = size_of(dtype_of(tensor, problem.dtype));
    need.tensors += elements * size;
    if (tensor.role == Role::in) continue;
    need.oracle += elements * 2 * 16;  // expected and magnitude in fp64, for two sets of inputs
    if (tensor.role == Role::inout) need.oracle += elements * size;  // the copy to restore it from
  }
  return need;
}

std::int64_t check_memory(const OpSpec& op, const Problem& problem, const DeviceInfo& device) {
  const MemoryNeed need = memory_need(op, problem, device);
  if (need.fits(device)) return need.total();
  throw Error(
      fmt::format("{} {}: its tensors take {:.1f} GiB and the oracle's buffers {:.1f} GiB, "
                  "but {} has {:.1f} GiB: use a smaller shape",
                  op.name, problem.shape(op), gib(need.tensors), gib(need.oracle),
                  device.model.empty() ? "the device" : device.model, gib(device.memory_bytes)));
}

double flops_of(const OpSpec& op, const Problem& problem, const DeviceInfo& device) {
  return value_of(op, op.flops, "flops", problem, device);
}

double bytes_of(const OpSpec& op, const Problem& problem, const DeviceInfo& device) {
  return value_of(op, op.bytes, "bytes", problem, device);
}

double roofline_ns(const OpSpec& op, const Problem& problem, const DeviceInfo& device) {
  double seconds = 0;
  const double peak = peak_of(problem.math, device);
  if (peak > 0) seconds = flops_of(op, problem, device) / peak;
  const double bytes = bytes_of(op, problem, device);
  if (device.memory_bandwidth > 0 && bytes > static_cast<double>(device.l2_bytes)) {
    seconds = std::max(seconds, bytes / device.memory_bandwidth);
  }
  return seconds * 1e9;
}

}  // namespace tw
