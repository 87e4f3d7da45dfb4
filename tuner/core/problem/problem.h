// A problem to solve: an op at a shape, with everything that distinguishes its kernels and their
// times.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/refusal.h"
#include "core/problem/formula.h"
#include "core/spec/spec.h"
#include "core/types/device_info.h"
#include "core/types/dtype.h"
#include "core/types/epilogue.h"

namespace tw {

struct Problem {
  std::string op;
  DType dtype = DType::f32;
  std::string math = "f32";
  std::vector<std::int64_t> dims;     // in the op's order; all of them, defaults filled in
  std::vector<std::int64_t> choices;  // index of the value, in the op's order
  std::vector<double> scalars;        // in the op's order
  Epilogue epilogue;
  // The least alignment of the tensors in bytes: 2, 4, 8 or 16, and at least least_align().
  int align = 16;

  // Returns the canonical text: "gemm f32 m=4096,n=4096,k=4096,layout=nt beta=1
  // epilogue=bias_column,relu align=4". The text leaves out dims and choices that have their
  // default, default scalars, an empty epilogue, align 16, and a math that equals the dtype.
  // Scalars are run-time arguments, so they count only as zero, one or other. Arguments of the
  // epilogue do not count at all.
  std::string key(const OpSpec& op) const;
  // Returns what --shape takes: "m=4096,n=4096,k=4096" and all else that differs from the defaults.
  std::string shape(const OpSpec& op) const;
};

// The dims, choices and scalars of a problem, in the op's order. Each has its default unless it has
// a value here.
struct ShapeValues {
  std::vector<std::optional<std::int64_t>> dims, choices;  // choices: index of the value
  std::vector<std::optional<double>> scalars;
};
// Reads what --shape takes. Throws Error as parse_problem does.
ShapeValues parse_shape(const OpSpec& op, std::string_view shape);
// Returns the problem's choices and scalars, and the dims that have no default or differ from it.
ShapeValues shape_values(const OpSpec& op, const Problem& problem);
// Sets the dims, choices and scalars of a problem that has everything else. If the op refuses the
// problem, returns the reason; the problem is then of no use.
std::optional<Refusal> set_shape(const OpSpec& op, const ShapeValues& values, Problem& problem);

// A problem as a user writes it.
struct ProblemText {
  // "m=1,n=2,k=3,layout=nt,beta=1", or "4096x4096x4096": the dims without default, in the op's
  // order.
  std::string shape;
  std::string dtype = "f32";
  std::string math{}, epilogue{};  // math: empty is the dtype's own
  int align = 16;
};
// Throws Error for a name that is unknown, missing or repeated; for a value that is zero, negative
// or too large; for a dtype, math or step that the op lacks; and if a requirement of the op does
// not hold.
Problem parse_problem(const OpSpec& op, const ProblemText& text);
// The inverse of key().
Problem problem_from_key(const OpSpec& op, std::string_view key);

// The slots that every op has after its dims and choices: dtype, math, sizeof_t, align, reduced.
std::array<std::int64_t, 5> common_slots(const Problem& problem);
// The slots of `names` (an op's or a kernel's) for a problem on a device; knob slots are 0.
std::vector<std::int64_t> slots_of(const OpSpec& op, const Names& names, const Problem& problem,
                                   const DeviceInfo& device);

// Returns the least alignment in bytes that tensors of such problems may have: the size of their
// largest element, and at least 2.
int least_align(const OpSpec& op, DType dtype);

// The most elements of a tensor, from its first to its last.
inline constexpr std::int64_t max_elements = std::int64_t{1} << 40;

// The layout of a tensor in memory.
struct TensorLayout {
  std::vector<std::int64_t> shape, strides;  // elements
  std::int64_t elements = 0;                 // from the first to the last, both included
};
// Refuses a size without a value, and more than max_elements.
std::variant<TensorLayout, Refusal> find_layout(const TensorSpec& tensor,
                                                std::span<const std::int64_t> slots);
// The same, but throws Error with the reason.
TensorLayout layout_of(const TensorSpec& tensor, std::span<const std::int64_t> slots);

// Returns the range of an integer tensor's inputs; nothing if the op states none. Refuses a range
// that has no value, that ends before it begins, or that is beyond the tensor's type.
std::variant<std::optional<IntegerRange>, Refusal> find_range(const TensorSpec& tensor,
                                                              DType problem,
                                                              std::span<const std::int64_t> slots);

// Where the values of an input come from, evaluated: ValuesSpec.
struct TensorValues {
  ValuesSpec::Rule rule = ValuesSpec::Rule::spread;
  double from = 0, to = 0;         // the numbers of floating-point types
  std::int64_t low = 0, high = 0;  // of integer types
  Formula formula{};
  ArrayFile file{};
};
// Refuses numbers that have no value or do not fit in the tensor's type, and files that do not hold
// what the tensor holds.
std::variant<TensorValues, Refusal> find_values(const TensorSpec& tensor, DType problem,
                                                std::span<const std::int64_t> slots);
// The same for TensorSpec::expected, which is there.
std::variant<TensorValues, Refusal> find_expected(const TensorSpec& tensor, DType problem,
                                                  std::span<const std::int64_t> slots);
// Returns why the file does not hold a tensor of this type and layout; empty if it does.
std::string file_mismatch(const ArrayFile& file, DType dtype, const TensorLayout& layout);

// The bytes of a problem in the memory of a device.
struct MemoryNeed {
  std::int64_t tensors = 0, oracle = 0;  // oracle: its buffers
  std::int64_t total() const { return tensors + oracle; }
  // Returns whether the device has that memory. A device without a known size of memory has it.
  bool fits(const DeviceInfo& device) const {
    return device.memory_bytes <= 0 || total() <= device.memory_bytes;
  }
};
MemoryNeed memory_need(const OpSpec& op, const Problem& problem, const DeviceInfo& device);
// Returns the total. Throws Error if the problem does not fit in the device's memory.
std::int64_t check_memory(const OpSpec& op, const Problem& problem, const DeviceInfo& device);

double flops_of(const OpSpec& op, const Problem& problem, const DeviceInfo& device);
double bytes_of(const OpSpec& op, const Problem& problem, const DeviceInfo& device);
// Returns the least possible time of the problem on the device, from the units' peaks at the
// highest clock and the datasheet's bandwidth; 0 if these are unknown. For a problem that fits in
// L2 the memory bandwidth sets no limit.
double roofline_ns(const OpSpec& op, const Problem& problem, const DeviceInfo& device);

}  // namespace tw
