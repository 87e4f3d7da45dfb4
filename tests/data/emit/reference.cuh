// The oracle of the test op.
#pragma once
#include "common/exact.cuh"
#include "op.cuh"

namespace tw::blend {

template <class T, class V, class Epilogue>
__global__ void reference(int rows, int columns, long long pitch, const T* x, const T* other,
                          float factor, float weight, typename Epilogue::Args epilogue,
                          double tolerance, double* expected, double* magnitude) {
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
  Exact result(value, size);
  epilogue::judge<T>(Epilogue{}, result, tolerance, epilogue, epilogue::Point{i, j, i * pitch + j});
  expected[i * pitch + j] = result.value;
  magnitude[i * pitch + j] = result.magnitude;
}

}  // namespace tw::blend
