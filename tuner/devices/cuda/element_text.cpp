#include "element_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <vector>

namespace tw::cuda {
namespace {

std::uint64_t read_bits(CUdeviceptr data, std::int64_t at, DType dtype) {
  const auto size = static_cast<std::size_t>(size_of(dtype));
  std::uint64_t bits = 0;
  check(driver().cuMemcpyDtoH(&bits, data + static_cast<CUdeviceptr>(at) * size, size),
        "reading an element");
  return bits;
}

double value_of(std::uint64_t bits, DType dtype) {
  switch (dtype) {
    case DType::f64:
      return std::bit_cast<double>(bits);
    case DType::f32:
      return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
    case DType::bf16:
      return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits << 16)));
    case DType::f16:
      break;
  }
  const auto half = static_cast<int>(bits);
  const int exponent = half >> 10 & 31, fraction = half & 1023;
  const double sign = (half & 0x8000) != 0 ? -1 : 1;
  if (exponent == 31) return fraction != 0 ? std::nan("") : sign * HUGE_VAL;
  return exponent == 0 ? sign * std::ldexp(fraction, -24)
                       : sign * std::ldexp(1024 + fraction, exponent - 25);
}

}  // namespace

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

double element_value(CUdeviceptr data, std::int64_t at, DType dtype) {
  return value_of(read_bits(data, at, dtype), dtype);
}

std::string found_text(CUdeviceptr data, std::int64_t at, DType dtype, bool poisoned) {
  const std::uint64_t bits = read_bits(data, at, dtype);
  const std::uint64_t poison = ~std::uint64_t{0} >> (64 - 8 * size_of(dtype));
  if (poisoned && bits == poison) return "was not written";
  return fmt::format("= {:.9g}", value_of(bits, dtype));
}

}  // namespace tw::cuda
