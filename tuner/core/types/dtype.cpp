// The one table of storage types.
#include "core/types/dtype.h"

#include <algorithm>
#include <array>

namespace tw {
namespace {

struct Row {
  DType dtype;
  std::string_view name, cpp_type;
  int size;
};
constexpr std::array<Row, 4> dtype_rows{{
    {DType::f32, "f32", "float", 4},
    {DType::f16, "f16", "tw::f16", 2},
    {DType::bf16, "bf16", "tw::bf16", 2},
    {DType::f64, "f64", "double", 8},
}};

const Row& row_of(DType dtype) { return dtype_rows.at(static_cast<std::size_t>(dtype)); }

}  // namespace

int size_of(DType dtype) { return row_of(dtype).size; }
std::string_view name_of(DType dtype) { return row_of(dtype).name; }
std::string_view cpp_type_of(DType dtype) { return row_of(dtype).cpp_type; }

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
