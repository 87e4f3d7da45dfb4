#include <cuda/std/array>
#include <cuda/std/cstdint>
#include <cuda/std/limits>
#include <cuda/std/tuple>
#include <cuda/std/utility>

#include "parts.cuh"

__global__ void check(const unsigned* x, unsigned* y, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  Results out{y + i * RESULTS};
  for (int k = 0; k < RESULTS; ++k) out.at[k] = 0;
  const cuda::std::uint32_t a = bits_of(x[i], i);
  const cuda::std::array<unsigned, 3> three{a, a + 1, a + 2};
  const auto pair = cuda::std::make_tuple(a, 2.5f);
  out.add(a + 2, three[2]);
  out.add(3u, unsigned(three.size()));
  out.add(2.5f, cuda::std::get<1>(pair));
  out.add(0xffffffffu, cuda::std::numeric_limits<unsigned>::max());
}
