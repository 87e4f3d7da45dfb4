#include "devices/gpu/measure/element_text.h"

#include "devices/comparison.h"

namespace tw::cuda {

std::uint64_t element_bits(CUdeviceptr data, std::int64_t at, DType dtype) {
  const auto size = static_cast<std::size_t>(size_of(dtype));
  std::uint64_t bits = 0;
  check(driver().cuMemcpyDtoH(&bits, data + static_cast<CUdeviceptr>(at) * size, size),
        "reading an element");
  return bits;
}

double element_value(CUdeviceptr data, std::int64_t at, DType dtype) {
  return decode(dtype, element_bits(data, at, dtype));
}

}  // namespace tw::cuda
