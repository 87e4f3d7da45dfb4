// Two passes, three workspaces, clusters and more than 48 KiB of shared memory: what a launcher has
// to get right. The result is wrong if a workspace was not zero, if `finish` does not see all
// blocks of `scale`, or if its blocks are no clusters of two where they should be.
#pragma once
#include "common/shared.cuh"
#include "op.cuh"

namespace tw::blend::passes {

struct Knobs {
  int threads;
  int kilobytes;
};

template <class T, class V, class Epilogue>
__global__ void scale(int columns, long long pitch, const T* x, float factor, T* scaled,
                      unsigned* blocks, unsigned* ticket) {
  T* const shared = dynamic_shared<T>();
  const int last = V::knobs.kilobytes * 1024 / static_cast<int>(sizeof(T)) - 1;
  const int row = static_cast<int>(blockIdx.y);
  const int column = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  const int slot = last - static_cast<int>(threadIdx.x);
  if (column < columns) {
    shared[slot] = static_cast<T>(factor) * x[row * pitch + column];
    scaled[static_cast<long long>(row) * columns + column] = shared[slot];
  }
  if (threadIdx.x == 0) {
    atomicAdd(blocks, 1U);
    const unsigned count = gridDim.x * gridDim.y;
    if (atomicInc(ticket, count - 1) >= count) atomicAdd(blocks, 1U);
  }
}

template <class T, class V, class Epilogue>
__global__ void finish(int rows, int columns, [[maybe_unused]] int pairs, long long pitch,
                       const T* x, const T* other, T* out, float factor, float weight,
                       typename Epilogue::Args epilogue, const T* scaled, const unsigned* blocks) {
  const int row = static_cast<int>(blockIdx.y);
  const int column = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (column >= columns) return;
  bool complete = rows == 1 || *blocks == gridDim.x * gridDim.y;
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
  unsigned cluster;
  asm("mov.u32 %0, %%cluster_nctaid.x;" : "=r"(cluster));
  complete = complete && cluster == (pairs ? 2 : 1);
#endif
  T value = rows == 1 ? static_cast<T>(factor) * x[column]
                      : scaled[static_cast<long long>(row) * columns + column];
  if (weight != 0) value += static_cast<T>(weight) * other[row * pitch + column];
  value = Epilogue::template apply<T>(value, epilogue,
                                      epilogue::Point{row, column, row * pitch + column});
  out[row * pitch + column] = complete ? value : T(-1);
}

}  // namespace tw::blend::passes
