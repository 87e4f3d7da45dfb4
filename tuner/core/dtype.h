// Storage types of tensors.
#pragma once
#include <optional>
#include <string_view>

namespace tw {

enum class DType { f32, f16, bf16, f64 };

int size_of(DType dtype);                                 // bytes
std::string_view name_of(DType dtype);                    // "f32"
std::string_view cpp_type_of(DType dtype);                // "float": the kernel's T
double ulp_of(DType dtype);                               // unit roundoff: 2^-24 for f32
std::optional<DType> parse_dtype(std::string_view text);  // by name

}  // namespace tw
