// A transposed convolution on the tensor cores, phase by phase. The outputs of a phase lie a stride
// apart; they are a plain convolution with some of the taps (see axis.cuh).
//
//      x, pixels of a window           B            A block computes `kFilters` channels of y in
//      +------------------+         +------+        tile_y x tile_x pixels (of several images, if
//      | tile_y x tile_x  |---+---->| 8 x  |        they are small): a pixel of x and a phase are a
//      | and a halo       |   |     | 8px  |        pixel of y. A block takes one phase of the rows
//      +------------------+   |     +------+        and `phases` phases of the columns.
//         in shared memory    |   A    |
//                             | +----+ v            Each input that a warp has in registers (B) is
//      weights of a product --+>|16 x| sums of      multiplied with the weights (A) of all phases
//      (phase, offset)          | 8  | phase 0      that use it: for 3x3 taps and stride 2 two
//                               +----+ sums of      inputs make three products.
//                                      phase 1
//
// A first pass puts the weights into the order in which they are read. A warp reads them 16 bytes a
// lane, one product ahead, and needs no shared memory for them while L1 holds them. The sums of
// neighbouring phases are in one thread, which writes runs of 2 * phases elements.
//
// Products are mma.sync: m16n8k16 for 16-bit elements, m16n8k8 for TF32. Three TF32 products make
// one fp32 product (big * big + big * small + small * big). They are summed from zero and then
// added in fp32, since the tensor cores truncate.
//
// The knobs and their trade-offs:
//   phases             phases of columns a block computes: all, for whole runs in y; one works for
//                      any stride
//   taps, lead         columns of a filter, and the tap over the first input in phase 0: if they
//                      are known, the inner loop has no branches; taps = 0: any
//   halo               largest number of offsets along each axis: makes the window's size a
//                      constant, and a thread's copies a list that is made once; 0: any number of
//                      offsets
//   vector             pixels of a copy
//   passes             TF32 products for each product: 3 make one of fp32
//   weights            where a warp reads them: cached, in L1 or L2, read one product ahead;
//                      staged, in shared memory beside the window, if they are too many for L1
//   warp_m, warp_n     filters and pixels of a warp: larger ones read fewer words for a product,
//                      but take more registers
//   warps_m, warps_n   warps along filters share the window; warps along pixels share the weights
//   tile_x, tile_y     wide tiles write long pieces of rows, high ones read fewer rows of the halo
//   phases_y           phases of rows that a block computes, one after the other from one window,
//                      which holds all channels; 1: any number of chunks
//   planes             words of channels of a chunk: more: fewer barriers, more shared memory
//   stages             chunks in shared memory: with 1, only other blocks hide the copies
//   store              streaming: the caches evict the lines of y first
//   min_blocks         blocks that must fit on an SM: caps the registers
#pragma once

#include "common/config.cuh"
#include "common/epilogue.cuh"
#include "common/mma.cuh"
#include "common/shared.cuh"
#include "common/vector.cuh"
#include "conv_transpose2d/phases_input.cuh"
#include "conv_transpose2d/phases_store.cuh"
#include "conv_transpose2d/phases_tile.cuh"
#include "conv_transpose2d/phases_weights.cuh"

namespace tw::conv_transpose2d::phases {

enum class Store { cached, streaming };

struct Knobs {
  int phases;
  int taps;
  int lead;
  int halo;
  int vector;
  int passes;
  bool staged;
  int warp_m, warp_n;
  int warps_m, warps_n;
  int tile_x, tile_y;
  int phases_y;
  int planes;
  int stages;
  Store store;
  int min_blocks;
};

// Everything that follows from the knobs of a configuration V.
template <class T, class V>
struct Tiling {
  static constexpr Knobs knobs = V::knobs;
  static constexpr bool kStaged = knobs.staged;
  static constexpr bool kStreaming = knobs.store == Store::streaming;
  static constexpr int kThreads = 32 * knobs.warps_m * knobs.warps_n;
  static constexpr int kFilters = knobs.warps_m * knobs.warp_m;
  static constexpr int kPixels = knobs.warps_n * knobs.warp_n;
  static constexpr int kImages = kPixels / (knobs.tile_x * knobs.tile_y);
  static constexpr int kFragmentsM = knobs.warp_m / 16;
  static constexpr int kFragmentsN = knobs.warp_n / 8;
  // A word of a plane holds one 32-bit channel or two 16-bit channels.
  static constexpr int kPerWord = 4 / static_cast<int>(sizeof(T));
  static constexpr int kStepChannels = 8 * kPerWord;  // of one mma
  static constexpr int kChannels = knobs.planes * kPerWord;
  // The number of offsets along x if the taps are known. The first offset has the taps lead, lead +
  // 1, ... in its phases; each next offset has taps that are `phases` lower.
  static constexpr bool kKnown = knobs.taps > 0;
  static constexpr int kOffsets = (knobs.lead + knobs.phases - 1) / knobs.phases + 1;
  // Words of the packed weights that one product takes from a warp's filters.
  static constexpr int kProductWords = kFragmentsM * 128;

  // The window in shared memory, in words, if the number of offsets is bounded: see
  // phases_input.cuh.
  static constexpr bool kBounded = knobs.halo > 0;
  static constexpr int kReach = knobs.tile_x + knobs.halo - 1 + knobs.vector - 1;
  static constexpr int kRowWords = ceil_div(kReach, max(knobs.vector, 4)) * max(knobs.vector, 4);
  static constexpr int kRowPitch = knobs.tile_x > 4 ? kRowWords
                                                    : ceil_div(kRowWords - 4, 8) * 8 + 4;
  static constexpr int kRows = kImages * (knobs.tile_y + knobs.halo - 1);
  static constexpr int kPlanePitch = ceil_div(max(kRows * kRowPitch, 8) - 8, 32) * 32 + 8;
  static constexpr int kCopies =  // vectors that a thread copies
      kBounded ? ceil_div(knobs.planes * kRows * ceil_div(kReach, knobs.vector), kThreads) : 0;

  // Returns the pixel with this index. The result for a sum of powers of two is the sum of their
  // results, so that constants can be split off.
  static TW_HOST_DEVICE constexpr Pixel pixel(int index) {
    return {index / (knobs.tile_x * knobs.tile_y), index / knobs.tile_x % knobs.tile_y,
            index % knobs.tile_x};
  }

  static_assert(kImages >= 1 && kPixels % (knobs.tile_x * knobs.tile_y) == 0,
                "a tile is whole images, or a part of one");
  static_assert(knobs.warp_m % 16 == 0 && knobs.warp_n % 8 == 0, "warps compute whole fragments");
  static_assert(knobs.planes % 8 == 0, "chunks are whole steps");
  static_assert(knobs.tile_x % 4 == 0, "a thread's two pixels are neighbours");
};

// The words of all pixels of a warp in 8 planes.
template <class G, class T>
struct Pixels {
  static constexpr bool kSplit = G::knobs.passes == 3;
  unsigned big[G::kFragmentsN][2];
  unsigned small[kSplit ? G::kFragmentsN : 1][2];

  TW_DEVICE void set(int j, int i, unsigned word) {
    if constexpr (kSplit) {
      const SplitTf32 parts(__uint_as_float(word));
      big[j][i] = parts.big;
      small[j][i] = parts.small;
    } else {
      big[j][i] = word;  // the tensor cores truncate a float to TF32
    }
  }
};

// The weights of a warp's filters for one product.
template <class G>
struct Filters {
  Vector<unsigned, 4> fragment[G::kFragmentsM];

  // from: a pointer to device memory or to shared memory.
  template <class Pointer>
  TW_DEVICE void load(Pointer from) {
    TW_UNROLL
    for (int i = 0; i < G::kFragmentsM; ++i) fragment[i] = load_vector<4>(from + i * 128);
  }
};

// Reads the weights of a warp's filters, one product after the other: one lane's part.
template <class G>
class FilterReader {
 public:
  // `packed` is where the weights begin in device memory.
  TW_DEVICE explicit FilterReader(const unsigned* packed) : packed_(packed + lane_words()) {
    if constexpr (!G::kStaged) next_.load(packed_);
  }

  // Prepares for the first product of a chunk. `chunk` holds its weights if they are staged.
  TW_DEVICE void enter(SharedPointer<unsigned> chunk) {
    if constexpr (G::kStaged) {
      staged_ = chunk + lane_words();
      next_.load(staged_);
    }
  }

  TW_DEVICE Filters<G> take() {
    const Filters<G> result = next_;
    if constexpr (G::kStaged) {
      staged_ = staged_ + G::kProductWords;
      next_.load(staged_);
    } else {
      packed_ += G::kProductWords;
      next_.load(packed_);
    }
    return result;
  }

 private:
  static TW_DEVICE int lane_words() { return static_cast<int>(threadIdx.x) % 32 * 4; }

  const unsigned* packed_;
  SharedPointer<unsigned> staged_;
  Filters<G> next_;
};

// sums += filters * pixels.
template <class G, class T>
TW_DEVICE void add_product(float (&sums)[G::kFragmentsM][G::kFragmentsN][4],
                           const Filters<G>& filters, const Pixels<G, T>& pixels) {
  TW_UNROLL
  for (int i = 0; i < G::kFragmentsM; ++i) {
    const auto& words = filters.fragment[i].at;
    if constexpr (G::knobs.passes == 3) {
      unsigned big[4];
      unsigned small[4];
      TW_UNROLL
      for (int e = 0; e < 4; ++e) {
        const SplitTf32 parts(__uint_as_float(words[e]));
        big[e] = parts.big;
        small[e] = parts.small;
      }
      float products[G::kFragmentsN][4] = {};
      TW_UNROLL
      for (int j = 0; j < G::kFragmentsN; ++j) mma_step<T>(products[j], small, pixels.big[j]);
      TW_UNROLL
      for (int j = 0; j < G::kFragmentsN; ++j) mma_step<T>(products[j], big, pixels.small[j]);
      TW_UNROLL
      for (int j = 0; j < G::kFragmentsN; ++j) mma_step<T>(products[j], big, pixels.big[j]);
      TW_UNROLL
      for (int j = 0; j < G::kFragmentsN; ++j) {
        TW_UNROLL
        for (int e = 0; e < 4; ++e) sums[i][j][e] += products[j][e];
      }
    } else {
      TW_UNROLL
      for (int j = 0; j < G::kFragmentsN; ++j) mma_step<T>(sums[i][j], words, pixels.big[j]);
    }
  }
}

// The sums of one warp.
template <class G, class T>
class Sums {
  static constexpr auto knobs = G::knobs;

 public:
  // warp_n is the warp's first pixel. `packed` has the weights of the warp's filters.
  TW_DEVICE Sums(const Window<G, T>& window, const Shape& shape, const Tile& tile,
                 const Region& region, int warp_n, const unsigned* packed)
      : window_(window), region_(region), x_(shape.x()), filters_(packed) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    const int row = tile.row + region.lowest_y - window.first_row;
    place_ = place(G::pixel(warp_n + lane / 4)) + lane % 4 * window.plane_pitch +
             row * window.row_pitch + window.shift;
  }

  // Adds the products of a chunk: `steps` times 8 planes. `weights` holds the weights of the warp's
  // filters if they are staged.
  TW_DEVICE void add(SharedPointer<unsigned> planes, SharedPointer<unsigned> weights, int steps) {
    filters_.enter(weights);
    planes = planes + place_;
    for (int step = 0; step < steps; ++step) {
      for (int y = 0; y < region_.offsets_y; ++y) {
        add_row(planes + y * window_.row_pitch);
      }
      planes = planes + 8 * window_.plane_pitch;
    }
  }

  TW_DEVICE const auto& values() const { return sums_; }

 private:
  // Returns the place of a pixel of the tile, in words of its plane.
  TW_DEVICE int place(Pixel pixel) const {
    return pixel.image * window_.image_pitch() + pixel.y * window_.row_pitch + pixel.x;
  }

  // Adds the products of one offset y.
  TW_DEVICE void add_row(SharedPointer<unsigned> row) {
    if constexpr (G::kKnown) {
      TW_UNROLL
      for (int x = 0; x < G::kOffsets; ++x) {
        add_offset(row + x, knobs.lead - x * knobs.phases, knobs.taps);
      }
    } else {
      int tap = x_.tap(region_.phase_x, region_.lowest_x);
      for (int x = 0; x < region_.offsets_x; ++x) {
        add_offset(row + x, tap, x_.taps);
        tap -= x_.stride;
      }
    }
  }

  // Adds the products of the inputs under one offset: one for each phase that has this offset.
  // `tap` is the tap of the first phase.
  TW_DEVICE void add_offset(SharedPointer<unsigned> from, int tap, int taps) {
    Pixels<G, T> pixels;
    TW_UNROLL
    for (int j = 0; j < G::kFragmentsN; ++j) {
      TW_UNROLL
      for (int i = 0; i < 2; ++i) {
        const int at = place(G::pixel(8 * j)) + i * 4 * window_.plane_pitch;
        pixels.set(j, i, load_vector<1>(from + at).at[0]);
      }
    }
    TW_UNROLL
    for (int phase = 0; phase < knobs.phases; ++phase) {
      if (tap + phase >= 0 && tap + phase < taps) {
        add_product<G, T>(sums_[phase], filters_.take(), pixels);
      }
    }
  }

  const Window<G, T>& window_;
  const Region& region_;
  Axis x_;
  FilterReader<G> filters_;
  int place_;
  float sums_[knobs.phases][G::kFragmentsM][G::kFragmentsN][4] = {};
};

// The first pass. Grid: any number of blocks.
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(256)
    pack(Shape shape, const T* __restrict__ weights, unsigned* __restrict__ packed) {
  pack_weights<Tiling<T, V>>(shape, weights, packed);
}

// The second pass. Grid: all tiles in x. Dynamic shared memory: `stages` times the planes of a
// chunk and, if they are staged, its weights, followed by the words of one more product. `packed`
// is the output of the first pass, followed by words for one more product.
template <class T, class V, class Epilogue>
__global__ void __launch_bounds__(Tiling<T, V>::kThreads, V::knobs.min_blocks)
    kernel(Shape shape, const T* __restrict__ x, const unsigned* __restrict__ packed,
           T* __restrict__ y, typename Epilogue::Args epilogue) {
  using G = Tiling<T, V>;
  const auto tile = Tile::of<G>(static_cast<int>(blockIdx.x), shape);
  const auto first = Region::of<G::knobs.phases>(shape, tile.phase_y, tile.phase_x);
  const auto last =
      G::knobs.phases_y == 1
          ? first
          : Region::of<G::knobs.phases>(shape, tile.phase_y + G::knobs.phases_y - 1, tile.phase_x);
  const int warp = static_cast<int>(threadIdx.x) / 32;
  const int warp_m = warp % G::knobs.warps_m;
  const int warp_n = warp / G::knobs.warps_m * G::knobs.warp_n;

  const int steps = (shape.group_c - 1) / G::kStepChannels + 1;
  const int blocks_m = (shape.group_k - 1) / G::kFilters + 1;
  const long long warp_words = packed_words<G>(shape, steps);
  const unsigned* const filters =
      packed + (tile.group * blocks_m + tile.filters) * G::knobs.warps_m * warp_words;
  const PackedWeights weights{
      filters + packed_at<G>(shape, steps, first), warp_words, steps,
      G::kStaged ? first.offsets_y * products_of_row<G>(shape, first) * G::kProductWords : 0};
  const Window<G, T> window(x, shape, tile, first, last);
  Input<G, T> input(window, shape, weights);
  const auto sums_of = [&](const Region& region) {
    return Sums<G, T>(window, shape, tile, region, warp_n,
                      filters + packed_at<G>(shape, steps, region) + warp_m * warp_words);
  };
  const auto write = [&](const Sums<G, T>& sums, int phase_y) {
    Output<G, T, Epilogue>(y, shape, tile, phase_y, warp_m * G::knobs.warp_m, warp_n, epilogue)
        .write(sums.values());
  };
  const auto shared = SharedPointer<unsigned>::dynamic();
  if constexpr (G::knobs.phases_y == 1) {
    auto sums = sums_of(first);
    if (!first.empty()) {
      for (int chunk = 0; chunk < input.chunks(); ++chunk) {
        const auto stage = shared + input.acquire(chunk);
        sums.add(stage, stage + input.weights_at(warp_m), input.steps(chunk));
        input.release(chunk);
      }
    }
    write(sums, tile.phase_y);
  } else {
    input.acquire(0);
    // The second bound keeps the compiler from unrolling.
    const int end_y = min(tile.phase_y + G::knobs.phases_y, shape.stride);
    for (int phase_y = tile.phase_y; phase_y < end_y; ++phase_y) {
      const auto region = Region::of<G::knobs.phases>(shape, phase_y, tile.phase_x);
      auto sums = sums_of(region);
      sums.add(shared, shared, region.empty() ? 0 : steps);
      write(sums, phase_y);
    }
  }
}

}  // namespace tw::conv_transpose2d::phases
