#include "devices/gpu/measure/element_text.h"

#include "devices/comparison.h"

namespace tw::gpu {

std::uint64_t element_bits(Runtime& runtime, Address data, std::int64_t at, DType dtype) {
  const auto size = static_cast<std::size_t>(size_of(dtype));
  std::uint64_t bits = 0;
  runtime.copy_to_host(&bits, data + static_cast<Address>(at) * size, size, "reading an element");
  return bits;
}

double element_value(Runtime& runtime, Address data, std::int64_t at, DType dtype) {
  return decode(dtype, element_bits(runtime, data, at, dtype));
}

}  // namespace tw::gpu
