// The reference of a convolution: the result in fp64, and by how much a result may be off. One
// thread computes one output.
#pragma once

#include "common/config.cuh"
#include "common/epilogue.cuh"
#include "common/exact.cuh"
#include "common/half.cuh"
#include "common/tf32_error.cuh"
#include "conv2d/op.cuh"

namespace tw::conv2d {

// Writes y_expected = epilogue(x * weights) and y_magnitude: the sum of the absolute products, and
// what rounding the operands to TF32 may add if is_tf32 is not 0, in units of the tolerance,
// carried through the epilogue (see exact.cuh). y has p x q pixels in an image. Any grid works.
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(256)
    reference(int n, int c, int h, int w, int k, int r, int s, int stride, int stride_w, int pad,
              int pad_w, int dilation, int dilation_w, int groups, int p, int q, const T* x,
              const T* weights, typename Epilogue::Args epilogue, double tolerance, int is_tf32,
              double* y_expected, double* y_magnitude) {
  constexpr bool kNhwc = V::choices.layout == Layout::nhwc;
  const int depth = c / groups;
  // The distances between channels, rows and columns in x and in the weights, in elements.
  const long long x_channel = kNhwc ? 1 : static_cast<long long>(h) * w;
  const long long x_column = kNhwc ? c : 1;
  const long long x_row = x_column * w;
  const long long weights_channel = kNhwc ? 1 : static_cast<long long>(r) * s;
  const long long weights_column = kNhwc ? depth : 1;
  const long long weights_row = weights_column * s;
  const long long outputs = static_cast<long long>(n) * k * p * q;
  const long long step = static_cast<long long>(gridDim.x) * blockDim.x;
  long long at = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (; at < outputs; at += step) {
    long long rest = at;
    const auto next = [&rest](int extent) {  // returns indices, from the fastest axis on
      const auto index = static_cast<int>(rest % extent);
      rest /= extent;
      return index;
    };
    int filter = kNhwc ? next(k) : 0;
    const int column = next(q);
    const int row = next(p);
    if (!kNhwc) filter = next(k);
    const int group = filter / (k / groups);
    const T* const image = x + rest * c * h * w + group * depth * x_channel;
    const T* const own = weights + static_cast<long long>(filter) * depth * r * s;
    double sum = 0;
    double absolute = 0;
    Tf32Error rounding;
    for (int i = 0; i < r; ++i) {
      const int y_in = row * stride - pad + i * dilation;
      if (y_in < 0 || y_in >= h) continue;
      for (int j = 0; j < s; ++j) {
        const int x_in = column * stride_w - pad_w + j * dilation_w;
        if (x_in < 0 || x_in >= w) continue;
        const T* const from = image + y_in * x_row + x_in * x_column;
        const T* const factor = own + i * weights_row + j * weights_column;
        for (int channel = 0; channel < depth; ++channel) {
          const float a = to_float(from[channel * x_channel]);
          const float b = to_float(factor[channel * weights_channel]);
          const double product = static_cast<double>(a) * static_cast<double>(b);
          sum += product;
          absolute += fabs(product);
          if (is_tf32 != 0) rounding.add(a, b);
        }
      }
    }
    Exact result(sum, absolute + rounding.bound() / tolerance);
    epilogue::judge<T>(Epilogue{}, result, tolerance, epilogue,
                       epilogue::Point{static_cast<int>(rest), filter, at});
    y_expected[at] = result.value;
    y_magnitude[at] = result.magnitude;
  }
}

}  // namespace tw::conv2d
