// How fragments are read from shared memory to registers in mma.cuh, and their products.
//
// Operands are read in groups: 16 of x by one step of k (32 bytes), four words for each thread.
//
//               A: words 0 to 3           B: words 0, 1 for 8 columns and 2, 3 for the next 8
//               k  0   1                  k  0   1
//         x 0    | 0 | 2 |          x 0    | 0 | 1 |
//           8    | 1 | 3 |            8    | 2 | 3 |
#pragma once

#include "common/config.cuh"
#include "common/mma.cuh"
#include "common/shared.cuh"
#include "gemm/mma_copy.cuh"

namespace tw::gemm::mma {

// A thread's part of the fragments of kGroups groups.
template <int kGroups>
struct Words {
  unsigned at[kGroups][4];
};

// Reads fragments of one operand from tiles that TileCopy has written. kIsA selects the order of
// the words.
template <class T, bool kIsA, bool kKMajor, int kExtent, int kDepth, int kGroups>
class FragmentReader {
  static constexpr int kStep = 32 / static_cast<int>(sizeof(T));  // values of k
  static constexpr int kLength = kKMajor ? kDepth : kExtent;
  using Places = Swizzle<T, kKMajor, kLength>;
  // The number of offsets that a thread stores: one for each part of 32 bytes that it reads of a
  // line of 128 bytes. Further parts are a constant distance away.
  static constexpr bool kByWord = !kKMajor && sizeof(T) == 4;
  static constexpr int kVariants =
      min(4, kKMajor ? kDepth / kStep : (kByWord ? 2 * kGroups : kGroups));

 public:
  // `origin` is the warp's first x in the tile.
  TW_DEVICE explicit FragmentReader(int origin) {
    const int lane = static_cast<int>(threadIdx.x) % 32;
    if constexpr (kByWord) {
      const int k = lane % 4;
      TW_UNROLL
      for (int i = 0; i < kVariants; ++i) {
        offset_[i] = k * kLength + ((origin + 8 * i) ^ Places::turn(k)) + lane / 4;
      }
    } else {
      const int x_half = kIsA ? lane / 8 % 2 : lane / 16;
      const int k_half = kIsA ? lane / 16 : lane / 8 % 2;
      const int row = lane % 8 + 8 * (kKMajor ? x_half : k_half);
      const int first = kKMajor ? k_half * Places::kChunk : origin + x_half * Places::kChunk;
      const int start = (kKMajor ? origin + row : row) * kLength;
      TW_UNROLL
      for (int i = 0; i < kVariants; ++i) {
        offset_[i] = start + ((first + i * (2 * Places::kChunk)) ^ Places::turn(row));
      }
    }
  }

  TW_DEVICE void read(Words<kGroups>& words, SharedPointer<T> tile, int step) const {
    TW_UNROLL
    for (int group = 0; group < kGroups; ++group) {
      if constexpr (kByWord) {
        TW_UNROLL
        for (int i = 0; i < 4; ++i) {
          const int x_half = 2 * group + (kIsA ? i % 2 : i / 2);
          const int k = step * kStep + (kIsA ? i / 2 : i % 2) * 4;
          const auto word = load_vector<1>(tile + offset_[x_half % kVariants] +
                                           (k * kLength + x_half / kVariants * (8 * kVariants)));
          words.at[group][i] = __float_as_uint(word.at[0]);
        }
      } else if constexpr (kKMajor) {
        ldmatrix(words.at[group],
                 tile + offset_[step % kVariants] +
                     (group * 16 * kLength + step / kVariants * (kVariants * kStep)));
      } else {
        ldmatrix_transposed(words.at[group],
                            tile + offset_[group % kVariants] +
                                (step * kStep * kLength + group / kVariants * (kVariants * 16)));
      }
    }
  }

 private:
  int offset_[kVariants];
};

// Products of fragments of T. Each word is passed to prepare_a() or prepare_b() once before. add()
// adds one step's products to the sums; sums[i][j] is 16 rows by 8 columns. After the products of
// column j add() calls between(j), so that other work can be spread over the columns.
template <class T, int kPasses, bool kPerTile>
struct Multiply {
  template <int kRows>
  struct FragmentsA {
    Words<kRows> words;
  };
  template <int kRows, int kColumns>
  struct Carry {};

  // 16-bit elements need no preparation. f32 is rounded to TF32.
  template <int kRows>
  static TW_DEVICE void prepare_a(FragmentsA<kRows>& a, int i) {
    prepare(a.words.at[i / 4][i % 4]);
  }
  template <int kPairs>
  static TW_DEVICE void prepare_b(Words<kPairs>& b, int i) {
    prepare(b.at[i / 4][i % 4]);
  }

  template <int kRows, int kPairs, class Between>
  static TW_DEVICE void add(float (&sums)[kRows][2 * kPairs][4],
                            Carry<kRows, 2 * kPairs>& /*carry*/, const FragmentsA<kRows>& a,
                            const Words<kPairs>& b, int /*step*/, const Between& between) {
    TW_UNROLL
    for (int j = 0; j < 2 * kPairs; ++j) {
      const unsigned(&words)[4] = b.at[j / 2];
      const unsigned of_b[2] = {words[j % 2 * 2], words[j % 2 * 2 + 1]};
      TW_UNROLL
      for (int i = 0; i < kRows; ++i) mma_step<T>(sums[i][j], a.words.at[i], of_b);
      between(j);
    }
  }

  template <int kRows, int kColumns>
  static TW_DEVICE void finish(float (&/*sums*/)[kRows][kColumns][4],
                               const Carry<kRows, kColumns>&) {}

 private:
  static TW_DEVICE void prepare(unsigned& word) {
    if constexpr (sizeof(T) == 4) word = tf32_operand(__uint_as_float(word));
  }
};

// 3xTF32: x = big + small, and a product is small * big + big * small + big * big. The omitted
// product is at most 2^-22 of the result, and small loses at most 2^-23 of x (see SplitOperand).
// The tensor cores add with truncation, which would make a long chain drift towards zero. So each
// step, or each tile of k, has sums of its own, which are added with rounding.
template <bool kPerTile>
struct Multiply<float, 3, kPerTile> {
  template <int kRows>
  struct FragmentsA {
    Words<kRows> words;  // `big` after the preparation
    Words<kRows> small;
  };
  // Sums that are not yet added. The sums of a step are added while the products of the next column
  // are under way, so that no thread waits for the tensor cores; only the sums of the step's last
  // column are carried over. The sums of a tile are added in the first step of the next tile.
  template <int kRows, int kColumns>
  struct Carry {
    float at[kPerTile ? kColumns : 1][kRows][4];
  };

  template <int kRows>
  static TW_DEVICE void prepare_a(FragmentsA<kRows>& a, int i) {
    unsigned& word = a.words.at[i / 4][i % 4];
    const SplitOperand split(__uint_as_float(word));
    word = split.big;
    a.small.at[i / 4][i % 4] = split.small;
  }
  // B is split column by column, which takes fewer registers.
  template <int kPairs>
  static TW_DEVICE void prepare_b(Words<kPairs>& /*b*/, int /*i*/) {}

  template <int kRows, int kPairs, class Between>
  static TW_DEVICE void add(float (&sums)[kRows][2 * kPairs][4], Carry<kRows, 2 * kPairs>& carry,
                            const FragmentsA<kRows>& a, const Words<kPairs>& b, int step,
                            const Between& between) {
    constexpr int kColumns = 2 * kPairs;
    TW_UNROLL
    for (int j = 0; j < kColumns; ++j) {
      unsigned b_big[2], b_small[2];
      TW_UNROLL
      for (int i = 0; i < 2; ++i) {
        const SplitOperand split(__uint_as_float(b.at[j / 2][j % 2 * 2 + i]));
        b_big[i] = split.big;
        b_small[i] = split.small;
      }
      float part[kRows][4] = {};
      if constexpr (kPerTile) {
        if (step == 0) {
          add_column(sums, j, carry.at[j]);
        } else {
          memcpy(part, carry.at[j], sizeof part);
        }
      }
      TW_UNROLL
      for (int i = 0; i < kRows; ++i) mma_m16n8k8(part[i], a.small.at[i], b_big);
      TW_UNROLL
      for (int i = 0; i < kRows; ++i) mma_m16n8k8(part[i], a.words.at[i], b_small);
      if constexpr (!kPerTile) add_column(sums, (j + kColumns - 1) % kColumns, carry.at[0]);
      TW_UNROLL
      for (int i = 0; i < kRows; ++i) mma_m16n8k8(part[i], a.words.at[i], b_big);
      memcpy(carry.at[kPerTile ? j : 0], part, sizeof part);
      between(j);
    }
  }

  template <int kRows, int kColumns>
  static TW_DEVICE void finish(float (&sums)[kRows][kColumns][4],
                               const Carry<kRows, kColumns>& carry) {
    TW_UNROLL
    for (int j = kPerTile ? 0 : kColumns - 1; j < kColumns; ++j) {
      add_column(sums, j, carry.at[kPerTile ? j : 0]);
    }
  }

 private:
  template <int kRows, int kColumns>
  static TW_DEVICE void add_column(float (&sums)[kRows][kColumns][4], int j,
                                   const float (&column)[kRows][4]) {
    TW_UNROLL
    for (int i = 0; i < 4 * kRows; ++i) sums[i / 4][j][i % 4] += column[i / 4][i % 4];
  }
};

}  // namespace tw::gemm::mma
