// The types in which tensors are stored.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tw {

// The order is that of verify::Storage (kernels/common/judge.cuh); expressions compare the numbers.
enum class DType { f32, f16, bf16, f64, i8, u8, i16, u16, i32, u32, i64, u64 };

int size_of(DType dtype);  // bytes
// Returns the alignment of one of CUDA's vector types of so many bytes, at most 16: 16 for float4,
// 4 for float3. No struct of this size has a larger one unless it asks for it.
int alignment_of(int bytes);
bool is_integer(DType dtype);
std::string_view name_of(DType dtype);                    // "f32"
std::string_view cpp_type_of(DType dtype);                // "float", "long long": in kernels
std::string_view host_type_of(DType dtype);               // "float", "std::int64_t": in headers
std::optional<DType> parse_dtype(std::string_view text);  // by name
const std::vector<std::string>& dtype_names();            // in the order of DType

// The least and the largest value of an integer type. Those of u64 are cut off at the range of i64.
struct IntegerRange {
  std::int64_t low = 0, high = 0;
  bool operator==(const IntegerRange&) const = default;
};
IntegerRange limits_of(DType dtype);

// How accurately products are computed: the dtypes' names, and tf32. Expressions compare their
// numbers.
const std::vector<std::string>& math_names();
int number_of_math(std::string_view math);  // its index in math_names

}  // namespace tw
