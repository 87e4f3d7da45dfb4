// The types in which tensors are stored.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tw {

enum class DType { f32, f16, bf16, f64 };

int size_of(DType dtype);                                 // bytes
std::string_view name_of(DType dtype);                    // "f32"
std::string_view cpp_type_of(DType dtype);                // "float": the T of a kernel
std::optional<DType> parse_dtype(std::string_view text);  // by name
const std::vector<std::string>& dtype_names();            // in the order of DType

// How accurately products are computed: the dtypes' names, and tf32. Expressions compare their
// numbers.
const std::vector<std::string>& math_names();
int number_of_math(std::string_view math);  // its index in math_names

}  // namespace tw
