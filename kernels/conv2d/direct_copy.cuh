// How the direct convolution fills shared memory: the weights as fragments, the offsets, the tiles
// of x.
#pragma once

#include "common/async_copy.cuh"
#include "common/config.cuh"
#include "common/half.cuh"
#include "common/mma.cuh"
#include "common/shared_words.cuh"
#include "conv2d/direct_tiling.cuh"

namespace tw::conv2d::direct {

// Returns an element as it is stored in a word: its bits, rounded to TF32 if there is only one
// pass.
template <class G>
TW_DEVICE unsigned word_of(float x) {
  return G::knobs.passes == 1 ? to_tf32(x) : __float_as_uint(x);
}
template <class G, class T>
TW_DEVICE unsigned word_of(T x) {
  return x.bits;
}

// Returns the number of columns of a tile that are left of x. They are whole vectors, so that x
// begins with a whole vector.
template <class G>
TW_DEVICE int lead(const Shape& shape) {
  return (shape.pad_w + G::knobs.vector - 1) / G::knobs.vector * G::knobs.vector;
}

// Fills all tiles with zeros. Later copies do not change the columns beside x.
template <class G, class T>
TW_DEVICE void clear_tiles(const Shared<G, T>& shared, const Shape& shape) {
  constexpr int kPerVector = 16 / static_cast<int>(sizeof(T));
  const int vectors = G::kStages * G::stage(shape) / kPerVector;
  for (int i = static_cast<int>(threadIdx.x); i < vectors; i += G::kThreads) {
    store_words(shared.tiles + i * kPerVector, {0u, 0u, 0u, 0u});
  }
}

// Fills the table of offsets: where the words of a chunk are in a tile, relative to the start of a
// window. A lane's two words of a step are neighbours. With grouped channels, all lanes use the
// entries of lane 0.
template <class G, class T>
TW_DEVICE void make_table(const Shared<G, T>& shared, const Shape& shape) {
  for (int i = static_cast<int>(threadIdx.x); i < shape.steps * G::kStep; i += G::kThreads) {
    const int within = i % G::kStep;
    const int place = i - within + within % 4 * 2 + within / 4;
    TW_UNROLL
    for (int j = 0; j < G::kOffsets; ++j) {
      const Tap tap = tap_of<G>(i, j, shape);
      const int place_in_plane =
          tap.row * shape.dilation * shape.pitch + tap.column * shape.dilation_w;
      const int offset = tap.channel * shape.plane + place_in_plane * (G::kGrouped ? G::kGroup : 1);
      store_words(shared.table + (place * G::kOffsets + j), {static_cast<unsigned>(offset)});
    }
  }
}

// Writes the weights as fragments of A: register i of a lane has row lane / 4 + 8 * (i % 2) and
// word lane % 4 + 4 * (i / 2) of a step. Filters and channels that do not exist are zeros.
template <class G, class T>
TW_DEVICE void pack_weights(const Shared<G, T>& shared, const T* weights, const Filters& filters,
                            const Shape& shape) {
  constexpr int kSlices = 8;  // of the block's filters: a thread packs a word of every 8th filter
  const int words = shape.chunks * shape.steps * G::kStep;
  const int taps = shape.r * shape.s;
  const long long per_filter = static_cast<long long>(shape.depth()) * taps;
  for (int i = static_cast<int>(threadIdx.x); i < words * kSlices; i += G::kThreads) {
    const int slice = i / words;
    const int word = i - slice * words;
    const int step = word / G::kStep;
    const int chunk = step / shape.steps;
    const T* from[G::kElements];
    bool real[G::kElements];
    TW_UNROLL
    for (int j = 0; j < G::kElements; ++j) {
      const Tap tap = tap_of<G>(word - chunk * shape.steps * G::kStep, j, shape);
      const int channel = chunk * G::knobs.chunk + tap.channel;
      real[j] = tap.real && channel < shape.depth();
      from[j] =
          weights + (real[j] ? filters.first * per_filter + static_cast<long long>(channel) * taps +
                                   tap.row * shape.s + tap.column
                             : 0);
    }
    const int lane = word % 4;
    const int half = word / 4 % 2;
    TW_UNROLL
    for (int j = 0; j < G::knobs.block_filters / kSlices; ++j) {
      const int filter = slice + j * kSlices;
      unsigned packed = 0;
      TW_UNROLL
      for (int e = 0; e < G::kElements; ++e) {
        if (real[e] && filter < filters.count) {
          packed |= word_of<G>(from[e][filter * per_filter]) << (16 * e);
        }
      }
      const int fragment = step * G::kBlockTilesM + filter / 16;
      const int place = (fragment * 32 + filter % 8 * 4 + lane) * 4 + half * 2 + filter / 8 % 2;
      store_words(shared.weights + place, {packed});
    }
  }
}

// Copies one vector of a row of x, or writes zeros.
template <class G, class T>
TW_DEVICE void copy_vector(SharedPointer<T> to, const T* from, bool valid) {
  constexpr int kBytes = G::knobs.vector * static_cast<int>(sizeof(T));
  if constexpr (kBytes == 2) {
    store_half(to, valid ? from->bits : static_cast<unsigned short>(0));
  } else {
    cp_async_or_zero<kBytes>(to, from, valid);
  }
}

// Starts the copies of the rows of x that the tile reads, for `chunk` channels from `channel` of
// the group on. Rows and channels that do not exist are zeros.
template <class G, class T>
TW_DEVICE void copy_tile(SharedPointer<T> to, const T* x, const PixelTile& tile, int first_channel,
                         int channel, const Shape& shape) {
  constexpr int kVector = G::knobs.vector;
  const int vectors = shape.w / kVector;  // of a row
  // The lanes that share a row: all of them, or a number that leaves few lanes without work.
  const int shift = vectors > 16 ? 5 : vectors > 8 ? 4 : vectors > 4 ? 3 : 2;
  const int thread = static_cast<int>(threadIdx.x);
  const int lane = thread & ((1 << shift) - 1);
  const int first_row = tile.row * shape.stride - shape.pad;
  const int plane = shape.h * shape.w;
  const int channels = min(G::knobs.chunk, shape.depth() - channel);
  x += (static_cast<long long>(tile.image) * shape.c + first_channel + channel) * plane;
  to = to + (lead<G>(shape) + lane * kVector);
  int row = thread >> shift;
  int within = 0;
  while (true) {
    while (row >= tile.rows) {
      row -= tile.rows;
      ++within;
    }
    if (within >= G::knobs.chunk) break;
    const int from_row = first_row + row;
    const bool valid = from_row >= 0 && from_row < shape.h && within < channels;
    const T* const from =
        x + (valid ? static_cast<long long>(within) * plane + from_row * shape.w : 0);
    const SharedPointer<T> line = to + (within * shape.plane + row * shape.pitch);
    for (int i = lane; i < vectors; i += 1 << shift) {
      copy_vector<G>(line + (i - lane) * kVector, from + i * kVector, valid);
    }
    row += G::kThreads >> shift;
  }
}

// Transposes a tile, so that kGroup channels of a pixel lie together.
template <class G, class T>
TW_DEVICE void group_channels(const Shared<G, T>& shared, const PixelTile& tile,
                              const Shape& shape) {
  constexpr int kPixels = G::kElements;  // of a thread
  const int pixels = tile.rows * shape.pitch;
  for (int first = 0; first < G::knobs.chunk; first += G::kGroup) {
    const SharedPointer<T> from = shared.tiles + first * shape.plane;
    const SharedPointer<T> to = shared.grouped + first * shape.plane;
    for (int i = static_cast<int>(threadIdx.x) * kPixels; i < pixels; i += G::kThreads * kPixels) {
      unsigned words[G::kGroup];
      TW_UNROLL
      for (int j = 0; j < G::kGroup; ++j) words[j] = load_word(from + (j * shape.plane + i));
      if constexpr (G::kHalves) {
        unsigned even[4], odd[4];  // the two pixels
        TW_UNROLL
        for (int j = 0; j < 4; ++j) {
          even[j] = (words[2 * j] & 0xffffu) | words[2 * j + 1] << 16;
          odd[j] = words[2 * j] >> 16 | (words[2 * j + 1] & 0xffff0000u);
        }
        store_words(to + i * G::kGroup, even);
        store_words(to + (i + 1) * G::kGroup, odd);
      } else {
        TW_UNROLL
        for (int j = 0; j < 4; ++j) words[j] = word_of<G>(__uint_as_float(words[j]));
        store_words(to + i * G::kGroup, words);
      }
    }
  }
}

}  // namespace tw::conv2d::direct
