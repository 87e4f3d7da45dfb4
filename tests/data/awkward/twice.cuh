// The kernel and the oracle of y = 2 x, in a namespace that a header has too.
#pragma once
#include <math.h>

#include "a/common_config.cuh"
#include "a_common/config.cuh"
#include "common/epilogue.cuh"
#include "common/exact.cuh"

namespace tw::twice {

enum class Match { none, launch, A };
enum class Order { a, A };
struct Choices {
  Match match;
  twice::Order Order;
};

}  // namespace tw::twice

namespace dispatch::twice {

struct Knobs {
  int v0;
};

template <class T, class V, class Epilogue>
__global__ void kernel(int n, const T* x, T* y, float factor, typename Epilogue::Args epilogue) {
  const int i = static_cast<int>(blockIdx.x) * V::knobs.v0 + static_cast<int>(threadIdx.x);
  if (i >= n) return;
  const T value = times<T>(x[i], factor + zero);
  y[i] = Epilogue::template apply<T>(value, epilogue, tw::epilogue::Point{0, i, i});
}

template <class T, class V, class Epilogue>
__global__ void reference(int n, const T* x, float factor, typename Epilogue::Args epilogue,
                          double tolerance, double* expected, double* magnitude) {
  const int i = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (i >= n) return;
  tw::Exact value(static_cast<double>(factor) * static_cast<double>(x[i]), 1);
  tw::epilogue::judge<T>(Epilogue{}, value, tolerance, epilogue, tw::epilogue::Point{0, i, i});
  expected[i] = value.value;
  magnitude[i] = value.magnitude;
}

}  // namespace dispatch::twice
