// The one table of storage types.
#include "core/types/dtype.h"

#include <algorithm>
#include <array>
#include <limits>

namespace tw {
namespace {

struct Row {
  DType dtype;
  // The types of kernels are built in, because NVRTC has no <cstdint>. C++17 has no 16-bit
  // floating-point types: headers take these tensors by void pointers.
  std::string_view name, cpp_type, host_type;
  int size;
  bool is_integer;
};
constexpr std::array<Row, 12> dtype_rows{{
    {DType::f32, "f32", "float", "float", 4, false},
    {DType::f16, "f16", "tw::f16", "void", 2, false},
    {DType::bf16, "bf16", "tw::bf16", "void", 2, false},
    {DType::f64, "f64", "double", "double", 8, false},
    {DType::i8, "i8", "signed char", "std::int8_t", 1, true},
    {DType::u8, "u8", "unsigned char", "std::uint8_t", 1, true},
    {DType::i16, "i16", "short", "std::int16_t", 2, true},
    {DType::u16, "u16", "unsigned short", "std::uint16_t", 2, true},
    {DType::i32, "i32", "int", "std::int32_t", 4, true},
    {DType::u32, "u32", "unsigned", "std::uint32_t", 4, true},
    {DType::i64, "i64", "long long", "std::int64_t", 8, true},
    {DType::u64, "u64", "unsigned long long", "std::uint64_t", 8, true},
}};

const Row& row_of(DType dtype) { return dtype_rows.at(static_cast<std::size_t>(dtype)); }

}  // namespace

int size_of(DType dtype) { return row_of(dtype).size; }
std::string_view name_of(DType dtype) { return row_of(dtype).name; }
int alignment_of(int bytes) { return std::min(16, bytes & -bytes); }

bool is_integer(DType dtype) { return row_of(dtype).is_integer; }
std::string_view cpp_type_of(DType dtype) { return row_of(dtype).cpp_type; }
std::string_view host_type_of(DType dtype) { return row_of(dtype).host_type; }

IntegerRange limits_of(DType dtype) {
  const bool is_signed = name_of(dtype).starts_with('i');
  const int bits = 8 * size_of(dtype);
  constexpr std::int64_t most = std::numeric_limits<std::int64_t>::max();
  if (is_signed) return {-(most >> (64 - bits)) - 1, most >> (64 - bits)};
  return {0, bits == 64 ? most : most >> (63 - bits)};
}

std::optional<DType> parse_dtype(std::string_view text) {
  for (const Row& row : dtype_rows) {
    if (row.name == text) return row.dtype;
  }
  return std::nullopt;
}

const std::vector<std::string>& dtype_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Row& row : dtype_rows) all.emplace_back(row.name);
    return all;
  }();
  return names;
}

const std::vector<std::string>& math_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all = dtype_names();
    all.emplace_back("tf32");
    return all;
  }();
  return names;
}

int number_of_math(std::string_view math) {
  const auto& names = math_names();
  return static_cast<int>(std::find(names.begin(), names.end(), math) - names.begin());
}

}  // namespace tw
