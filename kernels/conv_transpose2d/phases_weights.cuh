// The first pass of phases.cuh: it puts the weights into the order in which the second pass reads
// them.
//
// A fragment of 16 filters x 8 words of channels is 128 words, 4 for each lane. The fragments of a
// warp's filters that one product needs are neighbours. Then follow the products of a region in
// their order, the steps of 8 words of channels, the regions, and the blocks of filters. So a warp
// of the second pass reads its weights from the first to the last, 16 bytes for each lane. Filters
// and channels beyond the last are zero.
#pragma once

#include "common/config.cuh"
#include "common/half.cuh"
#include "common/mma.cuh"
#include "common/vector.cuh"
#include "conv_transpose2d/phases_tile.cuh"

namespace tw::conv_transpose2d::phases {

// Returns the number of words of a warp's filters.
template <class G>
TW_DEVICE long long packed_words(const Shape& shape, int steps) {
  return static_cast<long long>(shape.stride * shape.stride_w / G::knobs.phases) *
         shape.region_products * steps * G::kProductWords;
}

// Returns where the weights of a region begin (step 0 and product 0).
template <class G>
TW_DEVICE long long packed_at(const Shape& shape, int steps, const Region& region) {
  return static_cast<long long>(region.template index<G::knobs.phases>(shape)) *
         shape.region_products * steps * G::kProductWords;
}

// Returns the number of products of a region that share an offset y.
template <class G>
TW_DEVICE int products_of_row(const Shape& shape, const Region& region) {
  if (G::knobs.phases == shape.stride_w) return shape.s;
  int products = 0;
  for (int phase = region.phase_x; phase < region.phase_x + G::knobs.phases; ++phase) {
    products += shape.x().offsets(phase);
  }
  return products;
}

// Returns the number of the product among the region's products.
template <class G>
TW_DEVICE int product_of(const Shape& shape, const Region& region, int tap_y, int tap_x) {
  const int dx = shape.x().offset(tap_x);
  const int phase_x = shape.x().phase(tap_x);
  int product = (shape.y().offset(tap_y) - region.lowest_y) * products_of_row<G>(shape, region);
  for (int offset = region.lowest_x; offset <= dx; ++offset) {
    for (int phase = region.phase_x; phase < region.phase_x + G::knobs.phases; ++phase) {
      if (offset == dx && phase == phase_x) return product;
      product += shape.x().has(phase, offset) ? 1 : 0;
    }
  }
  return product;
}

// Returns one word of a fragment: one weight, or the 16-bit weights of two channels. `weights` is
// the group's first weight.
template <class G, class T>
TW_DEVICE unsigned weight_word(const Shape& shape, const T* weights, int filter, int word,
                               int tap) {
  const int channel = word * G::kPerWord;
  if (filter >= shape.group_k || channel >= shape.group_c) return 0;
  const long long taps = static_cast<long long>(shape.r) * shape.s;
  const long long next = shape.group_k * taps;  // distance to the next channel
  const T* const from = weights + channel * next + filter * taps + tap;
  if constexpr (sizeof(T) == 4) {
    return G::knobs.passes == 1 ? to_tf32(*from) : __float_as_uint(*from);
  } else {
    const unsigned low = from->bits;
    if (channel + 1 == shape.group_c) return low;
    return low | static_cast<unsigned>(from[next].bits) << 16;
  }
}

// Packs the weights. Blocks have 8 warps, which stride over the fragments. Fragments of one place
// and different taps are neighbours, since they share lines of the weights.
template <class G, class T>
TW_DEVICE void pack_weights(const Shape& shape, const T* weights, unsigned* packed) {
  const int steps = (shape.group_c - 1) / G::kStepChannels + 1;
  const int warp_blocks = ((shape.group_k - 1) / G::kFilters + 1) * G::knobs.warps_m;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int taps = shape.r * shape.s;
  const long long fragments =
      static_cast<long long>(shape.groups) * warp_blocks * G::kFragmentsM * steps * taps;
  const long long warps = static_cast<long long>(gridDim.x) * 8;
  for (long long at = static_cast<long long>(blockIdx.x) * 8 + threadIdx.x / 32; at < fragments;
       at += warps) {
    const int tap = static_cast<int>(at % taps);
    const int tap_y = tap / shape.s;
    const int tap_x = tap % shape.s;
    const int step = static_cast<int>(at / taps % steps);
    const int fragment = static_cast<int>(at / taps / steps % G::kFragmentsM);
    const int block = static_cast<int>(at / taps / steps / G::kFragmentsM);
    const int group = block / warp_blocks;
    const auto region = Region::of<G::knobs.phases>(
        shape, shape.y().phase(tap_y), shape.x().phase(tap_x) / G::knobs.phases * G::knobs.phases);
    const T* const from =
        weights + static_cast<long long>(group) * shape.group_c * shape.group_k * taps;
    const int filter = block % warp_blocks * G::knobs.warp_m + fragment * 16 + lane / 4;
    const int word = step * 8 + lane % 4;
    Vector<unsigned, 4> words;
    TW_UNROLL
    for (int i = 0; i < 4; ++i) {
      words.at[i] = weight_word<G>(shape, from, filter + i % 2 * 8, word + i / 2 * 4, tap);
    }
    const int products = region.offsets_y * products_of_row<G>(shape, region);
    const long long product =
        static_cast<long long>(step) * products + product_of<G>(shape, region, tap_y, tap_x);
    store_vector(packed + block * packed_words<G>(shape, steps) +
                     packed_at<G>(shape, steps, region) + product * G::kProductWords +
                     fragment * 128 + lane * 4,
                 words);
  }
}

}  // namespace tw::conv_transpose2d::phases
