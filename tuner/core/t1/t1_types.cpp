// Reads the types of a T1 file's arguments: those of the schema, NumPy's, and CUDA's vector types.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/t1/t1_parts.h"

namespace tw {
namespace {

struct NamedType {
  std::string_view name;
  DType dtype;
  int count = 1;
};
// Whole names come first: the digits of int8 are bits, those of float4 count elements.
constexpr NamedType whole_names[] = {
    {"bool", DType::u8},          {"int8", DType::i8},           {"uint8", DType::u8},
    {"int16", DType::i16},        {"uint16", DType::u16},        {"int32", DType::i32},
    {"uint32", DType::u32},       {"int64", DType::i64},         {"uint64", DType::u64},
    {"float32", DType::f32},      {"float64", DType::f64},       {"bfloat16", DType::bf16},
    {"complex64", DType::f32, 2}, {"complex128", DType::f64, 2},
};
constexpr NamedType bases[] = {
    {"half", DType::f16},      {"float", DType::f32}, {"double", DType::f64},
    {"char", DType::i8},       {"uchar", DType::u8},  {"short", DType::i16},
    {"ushort", DType::u16},    {"int", DType::i32},   {"uint", DType::u32},
    {"long", DType::i64},      {"ulong", DType::u64}, {"longlong", DType::i64},
    {"ulonglong", DType::u64},
};

// Returns nothing if the name is none of these.
std::optional<T1Type> type_named(const std::string& name) {
  for (const NamedType& one : whole_names) {
    if (name == one.name) return T1Type{one.dtype, one.count, name == "bool"};
  }
  const std::size_t digits = std::min(name.find_first_of("0123456789"), name.size());
  int count = 1;
  if (digits < name.size()) {
    const auto [end, error] =
        std::from_chars(name.data() + digits, name.data() + name.size(), count);
    const bool is_count =
        count == 1 || count == 2 || count == 3 || count == 4 || count == 8 || count == 16;
    if (error != std::errc() || end != name.data() + name.size() || !is_count) return std::nullopt;
  }
  for (const NamedType& one : bases) {
    if (std::string_view(name).substr(0, digits) == one.name)
      return T1Type{one.dtype, count, false};
  }
  return std::nullopt;
}

// The schema's float16 has 16 floats; NumPy's is a half.
T1Type float16_of(const Place& argument) {
  const std::int64_t bytes = argument.integer_or("TypeSize", 0);
  if (bytes == 2) return {DType::f16, 1, false};
  if (bytes == 64) return {DType::f32, 16, false};
  argument.at("Type").fail("is 16 floats, or a half of NumPy: add TypeSize 64 or 2, or write half");
}

}  // namespace

T1Type read_t1_type(const Place& argument) {
  const Place place = argument.at("Type");
  const std::string& name = place.text();
  if (name == "float16") return float16_of(argument);
  if (name == "custom") {
    const std::int64_t bytes = argument.at("TypeSize").integer();
    if (bytes < 1 || bytes > 65536) argument.at("TypeSize").fail("is not from 1 to 65536 bytes");
    return {DType::u8, static_cast<int>(bytes), false};
  }
  const auto type = type_named(name);
  if (!type) {
    place.fail(
        "is no type here: use bool, int8 to int64, uint8 to uint64, half, bfloat16, float, "
        "double, one of their vector types such as float4, or custom with its TypeSize");
  }
  if (argument.has("TypeSize") && argument.at("TypeSize").integer() != type->bytes()) {
    argument.at("TypeSize")
        .fail(fmt::format("is not the size of the Type, {} bytes", type->bytes()));
  }
  return *type;
}

}  // namespace tw
