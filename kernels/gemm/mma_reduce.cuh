// How a product of which each row is only reduced is finished. Nothing of it is written but a
// partial for each row of each warp's part, and a second pass joins those of a row, in a fixed
// order, so that results do not depend on timing.
//
//     a row of the product   | part 0 | part 1 | part 2 |..     as wide as a warp's part
//     row_partials           kPartialFloats for each; row after row, matrix after matrix
#pragma once

#include "common/config.cuh"
#include "common/epilogue_reductions.cuh"
#include "common/half.cuh"
#include "gemm/mma_store.cuh"

namespace tw::gemm::mma {

constexpr int kPartialFloats = 2;

// The parts of a row of n columns, for warps whose parts are kColumns mma tiles wide.
template <int kColumns>
TW_DEVICE long long parts_of_row(int n) {
  return (n - 1) / (8 * kColumns) + 1;
}

// What store_sums is for a chain without a reduction. `out` is the same but for c, which is not
// used; ldc and offset are those of the whole product, which is dense where a step reads a tensor
// of its shape. row_partials: of the matrix.
template <class T, class Epilogue, int kRows, int kColumns>
TW_DEVICE void reduce_sums(const float (&sums)[kRows][kColumns][4], const Output<T, Epilogue>& out,
                           int row, int column, float* row_partials) {
  using R = typename Epilogue::Reduction;
  constexpr int kTiles = kColumns % 4 == 0 ? 4 : 2;  // whose values are added together
  static_assert(kColumns % kTiles == 0, "a warp's columns come in pairs of mma tiles");
  if (column >= out.n) return;  // the whole warp
  const int lane = static_cast<int>(threadIdx.x) % 32;
  const int first = column + lane % 4 * 2;
  const long long parts = parts_of_row<kColumns>(out.n);
  TW_UNROLL
  for (int i = 0; i < 2 * kRows; ++i) {
    const int at = row + lane / 4 + 8 * i;
    R mine;
    TW_UNROLL
    for (int j = 0; j < kColumns; j += kTiles) {
      float values[2 * kTiles];
      TW_UNROLL
      for (int e = 0; e < 2 * kTiles; ++e) {
        const int place = first + 8 * (j + e / 2) + e % 2;
        values[e] = R::absent();
        if (at >= out.m || place >= out.n) continue;
        const epilogue::Point point{at, place, out.offset + at * out.ldc + place};
        const float scaled = out.alpha * sums[i / 2][j + e / 2][i % 2 * 2 + e % 2];
        values[e] = Epilogue::template apply<T>(scaled, out.epilogue, point);
      }
      mine.add(values);
    }
    epilogue::join_lanes<4>(mine);
    if (at < out.m && lane % 4 == 0) {
      float* to = row_partials + (at * parts + column / (8 * kColumns)) * kPartialFloats;
      mine.each([&](float& part) { *to++ = part; });
    }
  }
}

// The second pass, by blocks of 256 threads: a warp joins the parts of one of the `rows` of all
// matrices, of m rows each, and writes its value.
template <class R, class T>
TW_DEVICE void finish_rows(int rows, int m, int parts, const float* row_partials, T* c,
                           long long ldc, long long stride_c) {
  const int row = static_cast<int>(blockIdx.x) * 8 + static_cast<int>(threadIdx.x) / 32;
  const int lane = static_cast<int>(threadIdx.x) % 32;
  if (row >= rows) return;  // the whole warp
  R mine;
  for (int i = lane; i < parts; i += 32) {
    const float* from = row_partials + (static_cast<long long>(row) * parts + i) * kPartialFloats;
    R part;
    part.each([&](float& one) { one = *from++; });
    mine.merge(part);
  }
  epilogue::join_lanes<32>(mine);
  if (lane == 0) c[row / m * stride_c + row % m * ldc] = from_float<T>(mine.result());
}

}  // namespace tw::gemm::mma
