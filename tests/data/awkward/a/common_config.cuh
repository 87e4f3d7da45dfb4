// Its include guard must not be that of a_common/config.cuh.
#pragma once

namespace dispatch::twice {

template <class T>
__device__ __forceinline__ T times(T x, float factor) {
  return x * static_cast<T>(factor);
}

}  // namespace dispatch::twice
