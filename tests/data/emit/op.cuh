// The words of the test op and its reference.
#pragma once
#include "common/config.cuh"
#include "common/epilogue.cuh"

namespace tw::blend {

enum class Order { plain, flipped };
struct Choices {
  Order order;
};

// "tw::" in a string, and the digits of 1'000, stay as they are.
constexpr const char* name = "tw::blend";
constexpr int thousand = 1'000;

template <class T, class V, class Epilogue>
__global__ void reference(int rows, int columns, long long pitch, const T* x, const T* other,
                          float factor, float weight, typename Epilogue::Args epilogue,
                          double* expected, double* magnitude) {
  const int j = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  const int i = static_cast<int>(blockIdx.y);
  if (i >= rows || j >= columns) return;
  const int from = V::choices.order == Order::flipped ? columns - 1 - j : j;
  double value = static_cast<double>(factor) * static_cast<double>(x[i * pitch + from]);
  double size = fabs(value);
  if (weight != 0) {
    const double added = static_cast<double>(weight) * static_cast<double>(other[i * pitch + j]);
    value += added;
    size += fabs(added);
  }
  Epilogue::template judge<T>(value, size, epilogue, epilogue::Point{i, j, i * pitch + j});
  expected[i * pitch + j] = value;
  magnitude[i * pitch + j] = size;
}

}  // namespace tw::blend
