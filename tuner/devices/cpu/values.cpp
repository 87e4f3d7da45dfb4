#include "devices/cpu/values.h"

#include <cstring>
#include <stdexcept>

#include "core/types/float_bits.h"
#include "devices/comparison.h"

namespace tw::cpu {
namespace {

template <class T>
void store(std::byte* tensor, std::int64_t index, T value) {
  std::memcpy(tensor + index * static_cast<std::int64_t>(sizeof value), &value, sizeof value);
}

}  // namespace

std::uint64_t element_bits(DType dtype, const std::byte* tensor, std::int64_t index) {
  const auto size = static_cast<std::size_t>(size_of(dtype));
  std::uint64_t bits = 0;
  std::memcpy(&bits, tensor + index * size_of(dtype), size);
  return bits;
}

double read_element(DType dtype, const std::byte* tensor, std::int64_t index) {
  return decode(dtype, element_bits(dtype, tensor, index));
}

void write_element(DType dtype, std::byte* tensor, std::int64_t index, double value) {
  switch (dtype) {
    case DType::f32:
      return store(tensor, index, static_cast<float>(value));
    case DType::f64:
      return store(tensor, index, value);
    case DType::f16:
      return store(tensor, index, f16_bits(value));
    case DType::bf16:
      return store(tensor, index, bf16_bits(value));
    default:
      throw std::logic_error("write_element of an integer");
  }
}

void for_each_element(
    const TensorLayout& layout,
    const std::function<void(std::int64_t, const std::vector<std::int64_t>&)>& visit) {
  const std::size_t rank = layout.shape.size();
  std::vector<std::int64_t> at(rank, 0);
  std::int64_t index = 0;
  while (true) {
    visit(index, at);
    std::size_t axis = rank;
    while (axis > 0) {
      --axis;
      index += layout.strides[axis];
      if (++at[axis] < layout.shape[axis]) break;
      index -= at[axis] * layout.strides[axis];
      at[axis] = 0;
      if (axis == 0) return;
    }
    if (rank == 0) return;
  }
}

void fill_inputs(const PlanTensor& tensor, std::byte* data, std::uint64_t stream, bool second) {
  const std::vector<std::byte> stored = given_values(tensor, tensor.values);
  if (!stored.empty()) {
    std::copy(stored.begin(), stored.end(), data);
    return;
  }
  const verify::Fill fill = fill_of(tensor, second);
  const std::int64_t size = size_of(tensor.dtype);
  for_each_element(tensor.layout, [&](std::int64_t index, const auto&) {
    const auto at = static_cast<std::uint64_t>(index);
    if (is_integer(tensor.dtype)) {
      // The low bytes of a two's complement number are its value in a smaller type.
      const long long value = verify::integer_value(stream, at, fill);
      std::memcpy(data + index * size, &value, static_cast<std::size_t>(size));
    } else {
      const double value = verify::float_value(stream, at, fill);
      // As on a GPU, a value is rounded to a float before it is rounded to 16 bits.
      write_element(tensor.dtype, data, index,
                    tensor.dtype == DType::f64 ? value : static_cast<float>(value));
    }
  });
}

}  // namespace tw::cpu
