#include "devices/comparison.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <numeric>
#include <vector>

namespace tw {
namespace {

double decode_half(std::uint64_t bits) {
  const auto half = static_cast<int>(bits);
  const int exponent = half >> 10 & 31, fraction = half & 1023;
  const double sign = (half & 0x8000) != 0 ? -1 : 1;
  if (exponent == 31) return fraction != 0 ? std::nan("") : sign * HUGE_VAL;
  return exponent == 0 ? sign * std::ldexp(fraction, -24)
                       : sign * std::ldexp(1024 + fraction, exponent - 25);
}

IntegerRange default_range(DType dtype, bool second) {
  const IntegerRange limits = limits_of(dtype);
  const int bits = 8 * size_of(dtype);
  std::int64_t high = bits == 8 ? 99 : 999;
  if (second && bits == 8) return limits;
  if (second) high = bits == 16 ? 32767 : std::int64_t{1} << (bits == 32 ? 20 : 40);
  return {limits.low < 0 ? -high : 0, high};
}

std::int64_t count_of(const TensorLayout& layout) {
  std::int64_t count = 1;
  for (const std::int64_t extent : layout.shape) count *= extent;
  return count;
}

std::string integer_text(DType dtype, std::uint64_t bits) {
  if (dtype == DType::u64) return fmt::format("{}", bits);
  if (dtype == DType::i64) return fmt::format("{}", std::bit_cast<std::int64_t>(bits));
  return fmt::format("{}", static_cast<std::int64_t>(decode(dtype, bits)));
}

// Returns the text of an integer's expected value.
std::string expected_integer(DType dtype, double expected) {
  if (verify::is_wide_integer(static_cast<int>(dtype))) {
    return integer_text(dtype, std::bit_cast<std::uint64_t>(expected));
  }
  return fmt::format("{:.17g}", expected);  // a faulty reference may expect 0.5
}

std::string found_and_expected_integer(const PlanTensor& tensor, const WrongElement& worst) {
  const std::string value = integer_text(tensor.dtype, worst.bits);
  if (is_unwritten(tensor.dtype, worst.expected)) {
    return fmt::format("= {}, which the oracle leaves unwritten", value);
  }
  const std::string expected = expected_integer(tensor.dtype, worst.expected);
  if (!worst.is_written) {
    // One value in 256 equals the poison.
    const std::string perhaps = size_of(tensor.dtype) == 1
                                    ? fmt::format("= {}, or was not written", value)
                                    : "was not written";
    return fmt::format("{}, expected {}", perhaps, expected);
  }
  return fmt::format("= {}, expected {}", value, expected);
}

std::string found_and_expected(const ProblemPlan& plan, const PlanTensor& tensor,
                               const WrongElement& worst) {
  const double value = decode(tensor.dtype, worst.bits);
  if (is_unwritten(tensor.dtype, worst.expected)) {
    return fmt::format("= {:.9g}, which the oracle leaves unwritten", value);
  }
  if (!worst.is_written) return fmt::format("was not written, expected {:.9g}", worst.expected);
  std::string text = fmt::format("= {:.9g}, expected {:.9g}", value, worst.expected);
  const double error = std::fabs(value - worst.expected);
  if (!std::isfinite(error)) return text;
  const verify::Rule rule = rule_of(plan, tensor);
  return text + fmt::format(", off by {:.3g} where {:.3g} is allowed", error,
                            verify::allowed_error(worst.expected, worst.magnitude, rule));
}

// Returns a multiplier that has no divisor in common with the number of elements. Near the golden
// section, neighbours end up far apart.
std::int64_t factor_for(std::int64_t count) {
  auto factor = static_cast<std::int64_t>(0.6180339887 * static_cast<double>(count));
  factor = std::max<std::int64_t>(factor, 1);
  while (std::gcd(factor, count) != 1) ++factor;
  return factor;
}

int source_of(ValuesSpec::Rule rule) {
  switch (rule) {
    case ValuesSpec::Rule::uniform:
      return verify::kUniform;
    case ValuesSpec::Rule::constant:
      return verify::kConstant;
    case ValuesSpec::Rule::iota:
      return verify::kIota;
    case ValuesSpec::Rule::permutation:
      return verify::kPermutation;
    case ValuesSpec::Rule::sorted:
      return verify::kSorted;
    case ValuesSpec::Rule::spread:
    case ValuesSpec::Rule::formula:  // given_values has them
    case ValuesSpec::Rule::file:
      break;
  }
  return verify::kSpread;
}

}  // namespace

verify::Rule rule_of(const ProblemPlan& plan, const PlanTensor& tensor) {
  const bool is_stored = plan.oracle.gives_results() || plan.oracle.kind == OraclePlan::Kind::none;
  return {static_cast<int>(tensor.dtype), tensor.tolerance.value_or(plan.tolerance),
          is_stored ? 1.0 : 0.0, tensor.absolute, tensor.relative};
}

verify::Fill fill_of(const PlanTensor& tensor, bool second) {
  const PlanFill& fill = tensor.second;
  const TensorValues& values = tensor.values;
  const bool has_range =
      values.rule == ValuesSpec::Rule::spread || values.rule == ValuesSpec::Rule::sorted;
  const IntegerRange range = has_range ? tensor.range.value_or(default_range(tensor.dtype, second))
                                       : IntegerRange{values.low, values.high};
  const std::int64_t count = tensor.layout.elements;
  return {.is_second = second ? 1 : 0,
          .sign = fill.sign,
          .scale = fill.scale,
          .infinities = fill.infinities ? 1 : 0,
          .low = range.low,
          .high = range.high,
          .source = source_of(values.rule),
          .from = values.from,
          .to = values.to,
          .count = count,
          .factor = factor_for(count)};
}

std::vector<std::byte> given_values(const PlanTensor& tensor, const TensorValues& values) {
  if (values.rule == ValuesSpec::Rule::formula) {
    return formula_values(values.formula, tensor.dtype, tensor.layout.elements);
  }
  if (values.rule != ValuesSpec::Rule::file) return {};
  return read_array(values.file);
}

bool is_unwritten(DType dtype, double expected) {
  return is_integer(dtype) ? verify::is_left_unwritten(expected, static_cast<int>(dtype))
                           : verify::is_poison(verify::bits_of(expected), verify::kF64);
}

double expected_from(DType dtype, std::uint64_t bits) {
  const bool is_wide = verify::is_wide_integer(static_cast<int>(dtype));
  return is_wide ? std::bit_cast<double>(bits) : decode(dtype, bits);
}

double decode(DType dtype, std::uint64_t bits) {
  switch (dtype) {
    case DType::f64:
      return std::bit_cast<double>(bits);
    case DType::f32:
      return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
    case DType::bf16:
      return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits << 16)));
    case DType::f16:
      return decode_half(bits);
    case DType::i64:
      return static_cast<double>(std::bit_cast<std::int64_t>(bits));
    default:
      return verify::integer_from(bits, static_cast<int>(dtype));
  }
}

std::string element_name(const PlanTensor& tensor, std::int64_t at) {
  std::vector<std::int64_t> index(tensor.layout.shape.size());
  std::vector<std::size_t> order(index.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](auto a, auto b) {
    return tensor.layout.strides[a] > tensor.layout.strides[b];
  });
  for (const std::size_t axis : order) {
    if (tensor.layout.shape[axis] == 1) continue;
    index[axis] = at / tensor.layout.strides[axis];
    at %= tensor.layout.strides[axis];
  }
  return fmt::format("{}[{}]", tensor.name, fmt::join(index, ","));
}

void note_unwritten(const PlanTensor& tensor, std::int64_t written, Measurement& measurement) {
  const std::int64_t all = count_of(tensor.layout);
  if (written == all) return;
  measurement.metrics[std::string(unwritten_elements)] += static_cast<double>(all - written);
  if (!measurement.note.empty()) measurement.note += ", ";
  measurement.note += written == 0 ? fmt::format("it writes nothing to {}", tensor.name)
                                   : fmt::format("it leaves {} of {} elements of {} unwritten",
                                                 all - written, all, tensor.name);
}

std::string describe(const ProblemPlan& plan, const PlanTensor& tensor, const Comparison& found,
                     const WrongElement& worst) {
  if (found.touched > 0) {
    return fmt::format("it writes {} elements between the rows of {}", found.touched, tensor.name);
  }
  const double percent =
      100.0 * static_cast<double>(found.wrong) / static_cast<double>(count_of(tensor.layout));
  std::string text =
      fmt::format("{} {}; {} % of the elements wrong", element_name(tensor, found.worst_at),
                  is_integer(tensor.dtype) ? found_and_expected_integer(tensor, worst)
                                           : found_and_expected(plan, tensor, worst),
                  percent < 10 ? fmt::format("{:.2g}", percent) : fmt::format("{:.0f}", percent));
  if (found.unwritten > 0 && found.unwritten < found.wrong) {
    text += fmt::format(", {} not written", found.unwritten);
  }
  return text;
}

}  // namespace tw
