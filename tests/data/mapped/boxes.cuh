// One block a row. The copy engine brings boxes of the row to shared memory, and the threads widen
// their elements.
#pragma once
#include "common/epilogue.cuh"
#include "common/half.cuh"
#include "common/tensor_copy.cuh"

namespace tests::widen {

struct Knobs {
  int box;
};

template <class Types, class V, class Epilogue>
__global__ void reference(int rows, int columns, const typename Types::codes_t* codes, double* y,
                          double* magnitude) {
  const int row = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (row >= rows) return;
  for (int column = 0; column < columns; ++column) {
    const long long at = static_cast<long long>(row) * columns + column;
    y[at] = magnitude[at] = codes[at];
  }
}

template <class Types, class V, class Epilogue>
__global__ void kernel(int columns, const __grid_constant__ tw::TensorMap codes,
                       typename Types::y_t* y) {
  using Code = typename Types::codes_t;
  constexpr int box = V::knobs.box;
  constexpr int first = 128 / static_cast<int>(sizeof(Code));  // the barrier is before it
  const tw::Barrier full(tw::SharedPointer<unsigned long long>::dynamic());
  const Code* const values = tw::dynamic_shared<Code>() + first;
  const int row = static_cast<int>(blockIdx.x), thread = static_cast<int>(threadIdx.x);
  if (thread == 0) {
    full.init(1);
    tw::fence_barrier_init();
  }
  __syncthreads();
  unsigned parity = 0;
  for (int x = 0; x < columns; x += box) {
    if (thread == 0) {
      full.arrive_and_expect(box * static_cast<int>(sizeof(Code)));
      tw::load_tensor(tw::SharedPointer<Code>::dynamic() + first, codes, full, x, row, 0);
    }
    full.wait(parity);
    parity ^= 1;
    for (int i = thread; i < box && x + i < columns; i += static_cast<int>(blockDim.x)) {
      y[static_cast<long long>(row) * columns + x + i] =
          tw::from_float<typename Types::y_t>(static_cast<float>(values[i]));
    }
    __syncthreads();
  }
}

}  // namespace tests::widen
