// One thread computes a vector of a row.
#pragma once
#include "common/shared.cuh"
#include "op.cuh"

namespace tw::blend::direct {

enum class Path { straight, staged };
struct Knobs {
  int threads;
  int vector;
  Path path;
  bool streaming;
};

template <class T, class V, class Epilogue>
__global__ void kernel(int columns, long long pitch, const T* __restrict__ x,
                       const T* __restrict__ other, T* __restrict__ out, float factor, float weight,
                       typename Epilogue::Args epilogue) {
  constexpr Knobs knobs = V::knobs;
  const int row = static_cast<int>(blockIdx.y);
  const int first = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x) * knobs.vector;
  if (first >= columns) return;
  T value[knobs.vector];
  TW_UNROLL
  for (int j = 0; j < knobs.vector; ++j) {
    const int column = first + j;
    const int from = V::choices.order == Order::flipped ? columns - 1 - column : column;
    value[j] = static_cast<T>(factor) * x[row * pitch + from];
    if (weight != 0) value[j] += static_cast<T>(weight) * other[row * pitch + column];
    value[j] = Epilogue::template apply<T>(value[j], epilogue,
                                           epilogue::Point{row, column, row * pitch + column});
  }
  if constexpr (knobs.path == Path::staged) {
    T* const mine = dynamic_shared<T>() + threadIdx.x * knobs.vector;
    for (int j = 0; j < knobs.vector; ++j) mine[j] = value[j];
    for (int j = 0; j < knobs.vector; ++j) value[j] = mine[j];
  }
  TW_UNROLL
  for (int j = 0; j < knobs.vector; ++j) {
    if constexpr (knobs.streaming) {
      __stcs(out + row * pitch + first + j, value[j]);
    } else {
      out[row * pitch + first + j] = value[j];
    }
  }
}

}  // namespace tw::blend::direct
