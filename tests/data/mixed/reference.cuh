// The oracle of the lookup: one thread a row. Expected values of i64 are integers.
#pragma once
#include "common/epilogue.cuh"
#include "common/half.cuh"

namespace tw::dequantise {

template <class Types, class V, class Epilogue>
__global__ void reference(int rows, int columns, const typename Types::index_t* index,
                          const typename Types::codes_t* codes,
                          const typename Types::scale_t* scale, double* y, double* y_magnitude,
                          double* sum, double* sum_magnitude, double* zeros, double* largest,
                          long long* checksum) {
  const int row = static_cast<int>(blockIdx.x * blockDim.x + threadIdx.x);
  if (row >= rows) return;
  const long long from = static_cast<long long>(index[row]) * columns;
  const auto factor = static_cast<double>(to_float(scale[index[row]]));
  double total = 0, total_magnitude = 0;
  int count = 0, most = 0;
  unsigned long long check = 0;
  for (int column = 0; column < columns; ++column) {
    const int code = codes[from + column];
    const double value = factor * code;
    y[static_cast<long long>(row) * columns + column] = value;
    y_magnitude[static_cast<long long>(row) * columns + column] = fabs(value);
    total += value;
    total_magnitude += fabs(value);
    count += code == 0 ? 1 : 0;
    most = max(most, code);
    check += static_cast<unsigned long long>(code) * ((1ull << 52) + static_cast<unsigned>(column));
  }
  sum[row] = total;
  sum_magnitude[row] = total_magnitude;
  zeros[row] = count;
  largest[row] = most;
  checksum[row] = static_cast<long long>(check);
}

}  // namespace tw::dequantise
