// Packs x and the weights into the order that the implicit GEMM reads: channels vary fastest, and
// the channels of a group fill whole vectors, padded with zeros.
#pragma once

#include "common/config.cuh"
#include "common/epilogue.cuh"
#include "conv2d/op.cuh"

namespace tw::conv2d::implicit_gemm {

// Writes packed[image][pixel][group][depth] from x, whose planes have `plane` pixels. Blocks have
// 32 x 8 threads; any grid works.
//
//    channels of a group      Planes are transposed in tiles of 32 x 32, so that both sides are
//    +----+----+--            accessed along their lines.
//    | 32 |    |    pixels
//    +----+----+--
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(256)
    pack_x(int n, int c, int plane, int groups, int depth, const T* x, T* packed) {
  constexpr int kTile = 32;
  __shared__ T turned[kTile][kTile + 1];
  constexpr bool kNhwc = V::choices.layout == Layout::nhwc;
  const int channels = c / groups;
  const int tiles_channel = (depth - 1) / kTile + 1;
  const int tiles_pixel = (plane - 1) / kTile + 1;
  const int thread = static_cast<int>(threadIdx.x);
  const long long tiles = static_cast<long long>(n) * groups * tiles_channel * tiles_pixel;
  for (long long tile = blockIdx.x; tile < tiles; tile += gridDim.x) {
    const int first_channel = static_cast<int>(tile % tiles_channel) * kTile;
    const int group = static_cast<int>(tile / tiles_channel % groups);
    const long long rest = tile / tiles_channel / groups;
    const int first_pixel = static_cast<int>(rest % tiles_pixel) * kTile;
    const long long image = rest / tiles_pixel;
    for (int i = static_cast<int>(threadIdx.y); i < kTile; i += 8) {
      const int channel = first_channel + (kNhwc ? thread : i);
      const int pixel = first_pixel + (kNhwc ? i : thread);
      T value{};
      if (channel < channels && pixel < plane) {
        const long long of_group = group * channels + channel;
        value = x[kNhwc ? (image * plane + pixel) * c + of_group
                        : (image * c + of_group) * plane + pixel];
      }
      turned[kNhwc ? i : thread][kNhwc ? thread : i] = value;
    }
    __syncthreads();
    for (int i = static_cast<int>(threadIdx.y); i < kTile; i += 8) {
      const int channel = first_channel + thread;
      const int pixel = first_pixel + i;
      if (channel < depth && pixel < plane) {
        packed[((image * plane + pixel) * groups + group) * depth + channel] = turned[i][thread];
      }
    }
    __syncthreads();
  }
}

// Writes packed[filter][tap][depth] from the weights. Any grid works.
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(256)
    pack_weights(int k, int channels, int taps, int depth, const T* weights, T* packed) {
  const long long elements = static_cast<long long>(k) * taps * depth;
  const long long step = static_cast<long long>(gridDim.x) * blockDim.x;
  long long i = static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
  for (; i < elements; i += step) {
    const auto channel = static_cast<int>(i % depth);
    const auto tap = static_cast<int>(i / depth % taps);
    const long long filter = i / depth / taps;
    T value{};
    if (channel < channels) {
      value =
          weights[V::choices.layout == Layout::nhwc ? (filter * taps + tap) * channels + channel
                                                    : (filter * channels + channel) * taps + tap];
    }
    packed[i] = value;
  }
}

}  // namespace tw::conv2d::implicit_gemm
