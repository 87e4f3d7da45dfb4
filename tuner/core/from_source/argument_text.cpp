#include "core/from_source/argument_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <limits>

#include "core/base/error.h"
#include "core/expr/expr.h"
#include "core/from_source/number_literal.h"
#include "core/from_source/parameter_type.h"
#include "core/from_source/text_parts.h"
#include "core/spec/kernel_name.h"
#include "core/text/nearest.h"
#include "core/text/toml_text.h"
#include "core/text/words.h"

namespace tw {
namespace {

CType type_of(const SourceOption& option, const std::string& name) {
  if (const auto type = c_type(name)) return *type;
  std::vector<std::string> known = dtype_names();
  known.insert(known.end(), {"float", "double", "half", "int", "unsigned", "char", "short", "long",
                             "bool", "size_t", "float2", "float4", "half2", "int4"});
  option.fail(fmt::format("type '{}' is unknown: {}", name,
                          did_you_mean(name, known,
                                       "known are f32, f16, bf16, f64, i8 to u64, and C's names, "
                                       "such as float and float4")));
}

// Adds the extents of "[n][m]" or "[n, m]". Returns what follows them.
std::string_view read_extents(const SourceOption& option, std::string_view rest,
                              ArgumentText& argument) {
  while (rest.starts_with('[')) {
    const std::size_t close = rest.find(']');
    if (close == rest.npos) option.fail("a ] is missing after the extents");
    for (std::string& extent : split_outside(rest.substr(1, close - 1), ',')) {
      if (extent.empty()) option.fail("an extent is empty: write f32[n]:in");
      argument.extents.push_back(std::move(extent));
    }
    rest = trimmed(rest.substr(close + 1));
  }
  return rest;
}

// Reads "float4[n/4]". Returns what follows the extents.
std::string_view read_elements(const SourceOption& option, std::string_view text,
                               ArgumentText& argument) {
  const std::size_t bracket = text.find('[');
  argument.type = type_of(option, std::string(trimmed(text.substr(0, bracket))));
  const std::string_view rest = read_extents(option, text.substr(bracket), argument);
  // A vector is one more extent of numbers.
  if (argument.type.lanes > 1) argument.extents.push_back(std::to_string(argument.type.lanes));
  return rest;
}

void read_tensor(const SourceOption& option, std::string_view text, ArgumentText& argument) {
  const std::string_view rest = read_elements(option, text, argument);
  if (!rest.starts_with(':')) {
    option.fail("say what the kernel does with the tensor: write :in, :out or :inout after it");
  }
  argument.role = trimmed(rest.substr(1));
  if (argument.role != "in" && argument.role != "out" && argument.role != "inout") {
    option.fail(fmt::format("role '{}' is unknown: use in, out or inout", argument.role));
  }
}

// Returns the value of an expression that reads no name; nothing if it reads one, or is wrong.
std::optional<std::int64_t> constant(const std::string& text) {
  try {
    return Expr::parse(text, Names()).evaluate({});
  } catch (const Error&) {
    return std::nullopt;
  }
}

std::string with_type(DType dtype, const std::string& value) {
  return fmt::format("{{{} = {}}}", name_of(dtype), value);
}

// Reads a literal as a number of its own type, or of `type`.
void set_literal(const SourceOption& option, const NumberLiteral& literal, const CType& type,
                 ArgumentText& argument) {
  argument.type = type;
  if (literal.is_real && is_integer(type.dtype)) {
    option.fail(fmt::format("{} is an integer type, and the number is none", name_of(type.dtype)));
  }
  if (literal.is_real) {
    argument.toml = with_type(type.dtype, toml_real(literal.real));
    argument.is_literal = true;
  } else if (literal.is_above_int64 && type.dtype == DType::u64) {
    // Expressions have no numbers from 2^63 on. These bits are the number's.
    const auto bits = static_cast<std::int64_t>(literal.integer);
    argument.toml = with_type(DType::i64, bits == std::numeric_limits<std::int64_t>::min()
                                              ? toml_string("-9223372036854775807 - 1")
                                              : std::to_string(bits));
  } else {
    const std::string value = (literal.is_negative ? "-" : "") + std::to_string(literal.integer);
    if (literal.is_above_int64) option.fail(fmt::format("{} is too large", value));
    check_range(option, value, type);
    argument.toml = with_type(type.dtype, is_integer(type.dtype) ? value : value + ".0");
    argument.is_literal = true;
  }
}

void set_expression(const SourceOption& option, const std::string& text, const CType& type,
                    const std::vector<std::string>& values, ArgumentText& argument) {
  const bool is_known = std::find(values.begin(), values.end(), text) != values.end();
  if (is_identifier(text) && !is_known && text != "true" && text != "false") {
    option.fail(
        fmt::format("'{}' is no number, no size and no knob{}", text, suggestion(text, values)));
  }
  check_range(option, text, type);
  argument.type = type;
  argument.toml =
      type.dtype == DType::i32 ? toml_string(text) : with_type(type.dtype, toml_string(text));
}

// Reads what stands between the parentheses of "u8(3)", or a number without a type.
void read_value(const SourceOption& option, const std::string& text, const CType* type,
                const std::vector<std::string>& values, ArgumentText& argument) {
  argument.inner = text;
  if (text.empty()) option.fail("has no value: write a number, a size, or an expression of sizes");
  if (const auto literal = number_literal(text)) {
    return set_literal(option, *literal, type ? *type : CType{literal->dtype}, argument);
  }
  const bool is_bool = text == "true" || text == "false";
  const CType own = is_bool ? *c_type("bool") : CType{DType::i32};
  set_expression(option, text, type ? *type : own, values, argument);
}

void read_number(const SourceOption& option, const std::string& text,
                 const std::vector<std::string>& values, ArgumentText& argument) {
  const std::size_t open = text.find('(');
  if (open != text.npos && text.ends_with(')')) {
    if (const auto type = c_type(text.substr(0, open))) {
      if (type->lanes > 1) {
        option.fail("a vector cannot be passed by value: let the kernel take its elements");
      }
      const std::string_view inner = std::string_view(text).substr(open + 1);
      return read_value(option, std::string(trimmed(inner.substr(0, inner.size() - 1))), &*type,
                        values, argument);
    }
  }
  read_value(option, text, nullptr, values, argument);
}

// Takes "x=" from the front of "x=f32[n]:in".
std::string take_name(std::string& text) {
  const std::size_t equals = text.find('=');
  const std::string name(trimmed(text.substr(0, equals)));
  const bool compares = equals != text.npos && text.substr(equals, 2) == "==";
  if (equals == text.npos || compares || !is_identifier(name)) return "";
  text = trimmed(text.substr(equals + 1));
  return name;
}

}  // namespace

void check_range(const SourceOption& option, const std::string& text, const CType& type) {
  const auto value = is_integer(type.dtype) ? constant(text) : std::nullopt;
  if (!value) return;
  const IntegerRange limits = type.is_bool ? IntegerRange{0, 1} : limits_of(type.dtype);
  if (*value >= limits.low && *value <= limits.high) return;
  option.fail(fmt::format("{} does not fit in {}, which is from {} to {}", *value,
                          type.is_bool ? "a bool" : name_of(type.dtype), limits.low, limits.high));
}

ArgumentText read_argument(const SourceOption& option, const std::vector<std::string>& values) {
  ArgumentText argument;
  std::string text(trimmed(option.text));
  argument.name = take_name(text);
  const std::size_t bracket = text.find('[');
  if (bracket != text.npos) {
    read_tensor(option, text, argument);
  } else if (text.find(':') != text.npos && text.find('?') == text.npos) {
    option.fail("has no extents: write a tensor as in f32[n]:in");
  } else {
    read_number(option, text, values, argument);
  }
  return argument;
}

ConstantText read_constant(const SourceOption& option) {
  const std::string_view text = option.text;
  const std::size_t equals = text.find('=');
  ConstantText constant;
  constant.symbol = trimmed(text.substr(0, equals));
  const std::string_view elements =
      equals == text.npos ? std::string_view() : trimmed(text.substr(equals + 1));
  if (!is_kernel_name(constant.symbol) || elements.find('[') == elements.npos) {
    option.fail("is no array with its type and extents: write it as in 'filters::taps=f32[5]'");
  }
  const std::string_view rest = read_elements(option, elements, constant.tensor);
  if (!rest.empty()) {
    option.fail(
        fmt::format("'{}' follows the extents: an array in constant memory is always read", rest));
  }
  constant.tensor.name = function_of(constant.symbol);
  constant.tensor.role = "in";
  return constant;
}

int alignment_of(const ArgumentText& argument, const SourceParameter* parameter) {
  const auto of_type = [](const CType& type) {
    return alignment_of(size_of(type.dtype) * type.lanes);
  };
  const auto pointed_to = parameter ? parameter_type(parameter->type).type : std::nullopt;
  return std::max(of_type(argument.type), pointed_to ? of_type(*pointed_to) : 0);
}

void check_argument(const SourceOption& option, const ArgumentText& argument,
                    const SourceParameter& parameter, int number, std::string_view kernel) {
  const ParameterType pointee = parameter_type(parameter.type);
  const auto fail = [&](const std::string& what) {
    const std::string blank = parameter.name.empty() ? "" : " ";
    option.fail(fmt::format("parameter {} of {}, '{}{}{}', {}", number, kernel, parameter.type,
                            blank, parameter.name, what));
  };
  if (argument.is_tensor()) {
    if (pointee.is_pointer && (!pointee.type || agree(pointee.type->dtype, argument.type.dtype))) {
      return;
    }
    if (!pointee.is_pointer && !pointee.type) return;  // a type of the source's own
    fail(pointee.is_pointer ? fmt::format("points to {}, not to {}", name_of(pointee.type->dtype),
                                          name_of(argument.type.dtype))
                            : "is no pointer: pass a number, a size, or an expression of sizes");
  }
  if (pointee.is_pointer) fail("is a pointer: pass a tensor, as in f32[n]:in");
  if (!pointee.type) return;
  if (pointee.type->lanes > 1) fail("is a vector, which cannot be passed by value");
  const bool is_bool = pointee.type->is_bool;
  if (agree(pointee.type->dtype, argument.type.dtype)) return;
  fail(fmt::format("is not {}: write {}({})", name_of(argument.type.dtype),
                   is_bool ? "bool" : name_of(pointee.type->dtype), argument.inner));
}

}  // namespace tw
