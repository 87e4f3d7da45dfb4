// How the windows of x, and the weights if they are staged, are copied to shared memory in
// phases.cuh, one chunk of channels at a time.
//
//   a stage: `planes` planes of words, `plane_pitch` words apart    a plane
//   +----------+----------+----------+                              +---------------------+
//   | plane 0  | plane 1  | plane 2  | ...                          | row of the window   | a row's
//   +----------+----------+----------+                              +---------------------+ first
//                                                                   | next row, row_pitch | words
//   The pitch is 8 more than a multiple of 32, so that the words    | words on; next      |
//   of 4 planes x 8 pixels, which a warp reads together, are in     | image's rows ...    |
//   32 banks.                                                       +---------------------+
//
// A word is one float, or one pixel of two neighbouring 16-bit channels: what mma.sync takes for B.
// cp.async copies 32-bit elements. 16-bit elements go through registers, where the rows of two
// channels are interleaved; with two stages they are read one chunk ahead.
//
// Staged weights follow a stage's planes in the same order as in device memory: the words of one
// warp's filters after the words of the other's.
#pragma once

#include "common/async_copy.cuh"
#include "common/config.cuh"
#include "common/half.cuh"
#include "common/shared.cuh"
#include "common/vector.cuh"
#include "conv_transpose2d/phases_tile.cuh"

namespace tw::conv_transpose2d::phases {

// The part of x that a block reads.
template <class G, class T>
struct Window {
  const T* x;     // the group's first channel in the tile's first image
  int images;     // the tile's images that exist
  int first_row;  // of x; rows and columns may lie outside
  int first_column;
  int rows;     // rows of an image
  int vectors;  // vectors of a row
  int row_pitch;
  int plane_pitch;
  int shift;  // words before the first word that is used in a row

  // The window of the regions from `first` down to `last`.
  TW_DEVICE Window(const T* tensor, const Shape& shape, const Tile& tile, const Region& first,
                   const Region& last)
      : row_pitch(G::kBounded ? G::kRowPitch : shape.row_pitch),
        plane_pitch(G::kBounded ? G::kPlanePitch : shape.plane_pitch) {
    constexpr int kVector = G::knobs.vector;
    x = tensor + (static_cast<long long>(tile.image) * shape.groups + tile.group) * shape.group_c *
                     shape.h * shape.w;
    images = shape.n - tile.image;
    first_row = tile.row + first.lowest_y;
    rows = G::knobs.tile_y - 1 + last.lowest_y + last.offsets_y - first.lowest_y;
    const int column = tile.column + first.lowest_x;
    shift = (column % kVector + kVector) % kVector;
    first_column = column - shift;
    vectors = (shift + G::knobs.tile_x + first.offsets_x - 2) / kVector + 1;
  }

  TW_DEVICE int image_pitch() const { return rows * row_pitch; }
  TW_DEVICE int items() const { return G::knobs.planes * G::kImages * rows * vectors; }
};

// The source and the destination of a vector of pixels of one word of channels.
struct Item {
  int from;     // elements from Window::x in chunk 0
  int to;       // words from the stage's first word; -1: there is no such item
  int channel;  // first channel, in chunk 0; beyond all channels if the vector lies outside of x

  Item() = default;
  // For a bounded window the numbers run over the bounds, so that divisors are constants.
  template <class G, class T>
  TW_DEVICE Item(int index, const Window<G, T>& window, const Shape& shape) {
    const int vectors = G::kBounded ? ceil_div(G::kReach, G::knobs.vector) : window.vectors;
    const int rows = G::kBounded ? G::knobs.tile_y + G::knobs.halo - 1 : window.rows;
    const int vector = index % vectors;
    const int row = index / vectors % rows;
    const int image = index / (vectors * rows) % G::kImages;
    const int plane = index / (vectors * rows * G::kImages);
    const int y = window.first_row + row;
    const int x = window.first_column + vector * G::knobs.vector;
    const bool exists = plane < G::knobs.planes && row < window.rows && vector < window.vectors;
    to = exists ? plane * window.plane_pitch + image * window.image_pitch() +
                      row * window.row_pitch + vector * G::knobs.vector
                : -1;
    const bool inside = image < window.images && y >= 0 && y < shape.h && x >= 0 && x < shape.w;
    const int first = plane * G::kPerWord;
    from =
        inside ? ((image * shape.groups * shape.group_c + first) * shape.h + y) * shape.w + x : 0;
    channel = inside ? first : 0x7fff0000;
  }
};

// A vector of pixels of two 16-bit channels, as words.
template <int kVector>
struct ChannelPair {
  static constexpr int kWords = max(1, kVector / 2);
  unsigned first[kWords];
  unsigned second[kWords];
};

template <int kVector, class T>
TW_DEVICE void load_words(unsigned (&words)[max(1, kVector / 2)], const T* from, bool wanted) {
  if constexpr (kVector == 1) {
    words[0] = wanted ? from->bits : 0;
  } else {
    Vector<unsigned, kVector / 2> read{};
    if (wanted) read = load_vector<kVector / 2>(reinterpret_cast<const unsigned*>(from));
    TW_UNROLL
    for (int i = 0; i < kVector / 2; ++i) words[i] = read.at[i];
  }
}

template <int kVector>
TW_DEVICE void store_interleaved(unsigned* to, const ChannelPair<kVector>& pair) {
  Vector<unsigned, kVector> words;
  TW_UNROLL
  for (int i = 0; i < kVector; ++i) {
    const unsigned first = pair.first[i / 2];
    const unsigned second = pair.second[i / 2];
    words.at[i] =
        i % 2 == 0 ? (first & 0xffffu) | second << 16 : first >> 16 | (second & 0xffff0000u);
  }
  constexpr int kGroup = min(kVector, 4);
  TW_UNROLL
  for (int i = 0; i < kVector; i += kGroup) {
    Vector<unsigned, kGroup> group;
    TW_UNROLL
    for (int j = 0; j < kGroup; ++j) group.at[j] = words.at[i + j];
    store_vector(to + i, group);
  }
}

// The packed weights of a block. The weights of one chunk are neighbours.
struct PackedWeights {
  const unsigned* words;  // weights of the first warp's filters
  long long stride;       // words from one warp's weights to the next warp's
  int steps;              // steps of 8 words of channels
  int step_words;         // words of a warp's filters in one step
};

// Fills the stages, chunk by chunk. acquire(chunk) returns when the chunk is in shared memory;
// release(chunk) says that the chunk is no longer needed.
template <class G, class T>
class Input {
  static constexpr auto knobs = G::knobs;
  static constexpr bool kAsync = sizeof(T) == 4;
  static constexpr bool kListed = G::kBounded;
  static constexpr int kSteps = knobs.planes / 8;
  static_assert(kListed || knobs.stages == 1, "what is copied ahead is listed");
  static_assert(kAsync || knobs.stages <= 2, "registers hold one chunk");

 public:
  TW_DEVICE Input(const Window<G, T>& window, const Shape& shape, const PackedWeights& weights)
      : window_(window), shape_(shape), weights_(weights) {
    stage_words_ = weights_at();
    if constexpr (G::kStaged) stage_words_ += knobs.warps_m * kSteps * weights.step_words;
    if constexpr (kListed) {
      TW_UNROLL
      for (int i = 0; i < G::kCopies; ++i) items_[i] = Item(index_of(i), window, shape);
    }
    chunks_ = (weights.steps - 1) / kSteps + 1;
    if constexpr (knobs.stages > 1) {
      if constexpr (kAsync) {
        for (int chunk = 0; chunk < knobs.stages - 1; ++chunk) {
          if (chunk < chunks_) start(chunk);
          cp_async_commit();
        }
      } else {
        start(0);
        finish(0);
        wait_for_all();
      }
    }
  }

  TW_DEVICE int chunks() const { return chunks_; }

  // Returns the steps of a chunk.
  TW_DEVICE int steps(int chunk) const { return min(kSteps, weights_.steps - chunk * kSteps); }

  // Waits for a chunk and returns its place, in words.
  TW_DEVICE int acquire(int chunk) {
    if constexpr (knobs.stages == 1) {
      if (chunk > 0) __syncthreads();
      start(chunk);
      finish(chunk);
      wait_for_all();
    } else if constexpr (kAsync) {
      cp_async_wait<knobs.stages - 2>();
      __syncthreads();
      if (chunk + knobs.stages - 1 < chunks_) start(chunk + knobs.stages - 1);
      cp_async_commit();
    } else {
      if (chunk + 1 < chunks_) start(chunk + 1);
    }
    return stage(chunk);
  }

  TW_DEVICE void release(int chunk) {
    if constexpr (!kAsync && knobs.stages > 1) {
      if (chunk + 1 < chunks_) finish(chunk + 1);
      wait_for_all();
    }
  }

  // Returns the place of a warp's weights in a stage.
  TW_DEVICE int weights_at(int warp_m = 0) const {
    return knobs.planes * window_.plane_pitch + warp_m * kSteps * weights_.step_words;
  }

 private:
  static TW_DEVICE int index_of(int i) { return i * G::kThreads + static_cast<int>(threadIdx.x); }

  TW_DEVICE int stage(int chunk) const { return chunk % knobs.stages * stage_words_; }

  static TW_DEVICE void wait_for_all() {
    cp_async_commit();
    cp_async_wait<0>();
    __syncthreads();
  }

  // Starts the copies of a chunk, to shared memory or to registers.
  TW_DEVICE void start(int chunk) {
    if constexpr (G::kStaged) start_weights(chunk);
    if constexpr (kListed) {
      TW_UNROLL
      for (int i = 0; i < G::kCopies; ++i) {
        if (items_[i].to >= 0) load(items_[i], chunk, pairs_[i]);
      }
    } else {
      for (int index = static_cast<int>(threadIdx.x); index < window_.items();
           index += G::kThreads) {
        const Item item(index, window_, shape_);
        load(item, chunk, pairs_[0]);
        store(item, chunk, pairs_[0]);
      }
    }
  }

  TW_DEVICE void start_weights(int chunk) {
    const int words = steps(chunk) * weights_.step_words;
    for (int warp = 0; warp < knobs.warps_m; ++warp) {
      const unsigned* const from =
          weights_.words +
          (warp * weights_.stride + static_cast<long long>(chunk) * kSteps * weights_.step_words);
      const auto to = SharedPointer<unsigned>::dynamic() + (stage(chunk) + weights_at(warp));
      for (int i = 4 * static_cast<int>(threadIdx.x); i < words; i += 4 * G::kThreads) {
        cp_async_if<16>(true, to + i, from + i);
      }
    }
  }

  // Writes the chunk's elements that are in registers to shared memory.
  TW_DEVICE void finish(int chunk) {
    if constexpr (kListed) {
      TW_UNROLL
      for (int i = 0; i < G::kCopies; ++i) {
        if (items_[i].to >= 0) store(items_[i], chunk, pairs_[i]);
      }
    }
  }

  TW_DEVICE void load(const Item& item, int chunk,
                      [[maybe_unused]] ChannelPair<knobs.vector>& pair) {
    const long long plane = static_cast<long long>(shape_.h) * shape_.w;
    const T* const from = window_.x + (chunk * G::kChannels * plane + item.from);
    const int left = shape_.group_c - chunk * G::kChannels;
    if constexpr (kAsync) {
      const auto to = SharedPointer<T>::dynamic() + (stage(chunk) + item.to);
      const bool exists = item.channel < left;  // otherwise `from` is not read
      cp_async_or_zero<knobs.vector * 4>(to, from, exists);
    } else {
      load_words<knobs.vector>(pair.first, from, item.channel < left);
      load_words<knobs.vector>(pair.second, from + plane, item.channel + 1 < left);
    }
  }

  TW_DEVICE void store([[maybe_unused]] const Item& item, [[maybe_unused]] int chunk,
                       [[maybe_unused]] const ChannelPair<knobs.vector>& pair) {
    if constexpr (!kAsync) {
      store_interleaved<knobs.vector>(dynamic_shared<unsigned>() + stage(chunk) + item.to, pair);
    }
  }

  Window<G, T> window_;
  Shape shape_;
  PackedWeights weights_;
  int stage_words_;
  int chunks_;
  Item items_[max(1, G::kCopies)];
  ChannelPair<knobs.vector> pairs_[max(1, G::kCopies)];
};

}  // namespace tw::conv_transpose2d::phases
