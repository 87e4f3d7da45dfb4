#include "core/problem/formula.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>
#include <optional>
#include <variant>

#include "core/base/error.h"
#include "core/expr/expr.h"
#include "core/types/float_bits.h"

namespace tw {
namespace {

class Elements {
 public:
  Elements(const Formula& formula, DType dtype) : formula_(formula), dtype_(dtype) {
    Names names;
    for (const auto& [name, value] : formula.dims) {
      names.add(name);
      slots_.push_back(value);
    }
    names.add("i");
    slots_.push_back(0);
    for (const std::string& text : formula.texts) exprs_.push_back(Expr::parse(text, names));
  }

  // Returns the bits of an element as the low bits of the result, or what is wrong with it.
  std::variant<std::uint64_t, std::string> bits(std::int64_t i) {
    slots_.back() = i;
    const auto above = exprs_.front().evaluate(slots_);
    const auto below = exprs_.size() > 1 ? exprs_[1].evaluate(slots_) : 1;
    if (!above || !below || *below == 0) {
      return fmt::format("\"{}\" has no value for i = {}", fmt::join(formula_.texts, "\" / \""), i);
    }
    if (!is_integer(dtype_)) {
      return float_bits(dtype_, static_cast<double>(*above) / static_cast<double>(*below));
    }
    const IntegerRange limits = limits_of(dtype_);
    if (*above < limits.low || *above > limits.high) {
      return fmt::format("\"{}\" is {} for i = {}, beyond {}, which has {} to {}",
                         formula_.texts.front(), *above, i, name_of(dtype_), limits.low,
                         limits.high);
    }
    return static_cast<std::uint64_t>(*above);
  }

 private:
  const Formula& formula_;
  DType dtype_;
  std::vector<Expr> exprs_;
  std::vector<std::int64_t> slots_;  // the dims, then i
};

}  // namespace

std::vector<std::byte> formula_values(const Formula& formula, DType dtype, std::int64_t elements) {
  Elements values(formula, dtype);
  const auto size = static_cast<std::size_t>(size_of(dtype));
  std::vector<std::byte> bytes(static_cast<std::size_t>(elements) * size);
  for (std::int64_t i = 0; i < elements; ++i) {
    const auto value = values.bits(i);
    if (const auto* fault = std::get_if<std::string>(&value)) throw Error(*fault);
    std::memcpy(bytes.data() + static_cast<std::size_t>(i) * size, std::get_if<0>(&value), size);
  }
  return bytes;
}

std::string formula_fault(const Formula& formula, DType dtype, std::int64_t elements) {
  Elements values(formula, dtype);
  const std::int64_t step = std::max<std::int64_t>(elements / 1024, 1);
  for (std::int64_t i = 0; i < elements; i += step) {
    const auto value = values.bits(i);
    if (const auto* fault = std::get_if<std::string>(&value)) return *fault;
  }
  const auto last = values.bits(elements - 1);
  const auto* fault = std::get_if<std::string>(&last);
  return fault ? *fault : "";
}

}  // namespace tw
