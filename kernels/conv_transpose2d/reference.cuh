// The reference of a transposed convolution: the result in fp64, and by how much a result may be
// off. It computes one element of y after the other; each is the sum of all taps that reach it.
#pragma once

#include "common/config.cuh"
#include "common/epilogue.cuh"
#include "common/exact.cuh"
#include "common/half.cuh"
#include "common/tf32_error.cuh"

namespace tw::conv_transpose2d {

// Returns the index of the input that `tap` maps to the output `out` (which includes the pad), or
// -1.
TW_DEVICE int input_of(int out, int tap, int stride, int inputs) {
  const int distance = out - tap;
  return distance >= 0 && distance % stride == 0 && distance / stride < inputs ? distance / stride
                                                                               : -1;
}

// Any grid works. Writes y_expected, and y_magnitude: the sum of the absolute terms, and what
// reading the operands as TF32 may add if is_tf32 is not 0, in units of the tolerance, carried
// through the epilogue (see exact.cuh). x may be truncated to TF32; the weights must be rounded. oh
// and ow are y's rows and columns.
template <class T, class V, class Epilogue>
__global__ void reference(int n, int c, int h, int w, int k, int r, int s, int stride, int stride_w,
                          int pad, int pad_w, int oh, int ow, int groups, const T* x,
                          const T* weights, typename Epilogue::Args epilogue, double tolerance,
                          int is_tf32, double* y_expected, double* y_magnitude) {
  const int group_c = c / groups;
  const int group_k = k / groups;
  const long long elements = static_cast<long long>(n) * k * oh * ow;
  const long long step = static_cast<long long>(gridDim.x) * blockDim.x;
  long long at = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (; at < elements; at += step) {
    const int column = static_cast<int>(at % ow);
    const int row = static_cast<int>(at / ow % oh);
    const int filter = static_cast<int>(at / ow / oh % k);
    const int image = static_cast<int>(at / ow / oh / k);
    const long long first_c = filter / group_k * group_c;
    double sum = 0;
    double absolute = 0;
    Tf32Error rounding;
    for (int tap_y = 0; tap_y < r; ++tap_y) {
      const int in_y = input_of(row + pad, tap_y, stride, h);
      if (in_y < 0) continue;
      for (int tap_x = 0; tap_x < s; ++tap_x) {
        const int in_x = input_of(column + pad_w, tap_x, stride_w, w);
        if (in_x < 0) continue;
        const T* from = x + ((image * static_cast<long long>(c) + first_c) * h + in_y) * w + in_x;
        const T* tap = weights + (first_c * group_k + filter % group_k) * r * s + tap_y * s + tap_x;
        for (int i = 0; i < group_c; ++i) {
          const float a = to_float(*from);
          const float b = to_float(*tap);
          const double product = static_cast<double>(a) * static_cast<double>(b);
          sum += product;
          absolute += fabs(product);
          if (is_tf32 != 0) rounding.add_truncated(a, b);
          from += static_cast<long long>(h) * w;
          tap += static_cast<long long>(group_k) * r * s;
        }
      }
    }
    Exact result(sum + rounding.drift / 2, absolute + rounding.bound() / tolerance);
    epilogue::judge<T>(Epilogue{}, result, tolerance, epilogue, epilogue::Point{image, filter, at});
    y_expected[at] = result.value;
    y_magnitude[at] = result.magnitude;
  }
}

}  // namespace tw::conv_transpose2d
