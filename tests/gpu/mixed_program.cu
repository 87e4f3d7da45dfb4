// An emitted op whose tensors have several types (tests/data/mixed), on a GPU, as in a user's
// program. The results are compared with plain loops. Exit code 0; 1 if a case failed; 77 if there
// is no GPU.
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <type_traits>
#include <vector>

#include "emit_values.h"
#include "mixed/dequantise.cuh"

namespace {

namespace dequantise = tuned::dequantise;

template <class A, class B>
constexpr bool same = std::is_same<A, B>::value;
using Args = dequantise::Args;
static_assert(same<decltype(Args::index), const std::int32_t*>);
static_assert(same<decltype(Args::codes), const std::uint8_t*>);
static_assert(same<decltype(Args::scale), const float*>);
static_assert(same<decltype(Args::y), float*>);
static_assert(same<decltype(Args::sum), double*>);
static_assert(same<decltype(Args::zeros), std::int32_t*>);
static_assert(same<decltype(Args::largest), std::uint8_t*>);
static_assert(same<decltype(Args::checksum), std::int64_t*>);
static_assert(same<decltype(dequantise::ArgsBf16::scale), const void*>);
static_assert(same<decltype(dequantise::ArgsBf16::sum), float*>);

constexpr std::size_t rows = 100, columns = 300, table = 7;

template <class T>
class OnDevice {
 public:
  explicit OnDevice(const std::vector<T>& host) : count_(host.size()) {
    EXPECT_OK(cudaMalloc(&at_, count_ * sizeof(T)));
    EXPECT_OK(cudaMemcpy(at_, host.data(), count_ * sizeof(T), cudaMemcpyHostToDevice));
  }
  ~OnDevice() { cudaFree(at_); }
  OnDevice(const OnDevice&) = delete;
  OnDevice& operator=(const OnDevice&) = delete;
  T* get() const { return at_; }
  std::vector<T> values() const {
    std::vector<T> host(count_);
    EXPECT_OK(cudaMemcpy(host.data(), at_, count_ * sizeof(T), cudaMemcpyDeviceToHost));
    return host;
  }

 private:
  std::size_t count_;
  T* at_ = nullptr;
};

// Stored is float or the upper half of a float; Sum is the type of the rows' sums.
template <class A, class Stored, class Sum>
void judge(double bound) {
  std::vector<std::int32_t> index(rows);
  std::vector<std::uint8_t> codes(table * columns);
  for (std::size_t i = 0; i < rows; ++i) index[i] = static_cast<std::int32_t>(i * 5 % table);
  for (std::size_t i = 0; i < codes.size(); ++i)
    codes[i] = static_cast<std::uint8_t>(i * 37 + i / 256);
  const Values<Stored> scale(table, 1);
  const OnDevice<std::int32_t> on_index(index);
  const OnDevice<std::uint8_t> on_codes(codes);
  const OnDevice<Stored> y(std::vector<Stored>(rows * columns));
  const OnDevice<Sum> sum{std::vector<Sum>(rows)};
  const OnDevice<std::int32_t> zeros(std::vector<std::int32_t>(rows, -1));
  const OnDevice<std::uint8_t> largest(std::vector<std::uint8_t>(rows, 1));
  const OnDevice<std::int64_t> checksum(std::vector<std::int64_t>(rows, -1));
  A args;
  args.rows = rows;
  args.columns = columns;
  args.table = table;
  args.index = on_index.get();
  args.codes = on_codes.get();
  args.scale = scale.device;
  args.y = y.get();
  args.sum = sum.get();
  args.zeros = zeros.get();
  args.largest = largest.get();
  args.checksum = checksum.get();
  const dequantise::Selection selection = dequantise::select(args);
  EXPECT(selection.status == cudaSuccess);
  EXPECT_OK(dequantise::launch(args, nullptr, nullptr));
  EXPECT_OK(cudaDeviceSynchronize());
  std::printf("%zu-byte storage: %s, %s\n", sizeof(Stored), selection.kernel,
              selection.configuration);
  const auto got_y = y.values();
  const auto got_sum = sum.values();
  const auto got_zeros = zeros.values();
  const auto got_largest = largest.values();
  const auto got_checksum = checksum.values();
  for (std::size_t row = 0; row < rows; ++row) {
    const auto from = static_cast<std::size_t>(index[row]);
    double total = 0, magnitude = 0;
    std::int32_t none = 0;
    std::uint8_t most = 0;
    std::uint64_t check = 0;
    for (std::size_t column = 0; column < columns; ++column) {
      const std::uint8_t code = codes[from * columns + column];
      const double value = scale.exact[from] * code;
      const double error = static_cast<double>(to_float(got_y[row * columns + column])) - value;
      EXPECT(std::fabs(error) <= bound * std::fabs(value));
      total += value;
      magnitude += std::fabs(value);
      none += code == 0 ? 1 : 0;
      most = code > most ? code : most;
      check += code * ((std::uint64_t{1} << 52) + column);
    }
    EXPECT(std::fabs(static_cast<double>(got_sum[row]) - total) <= 1e-5 * magnitude);
    EXPECT(got_zeros[row] == none);
    EXPECT(got_largest[row] == most);
    EXPECT(got_checksum[row] == static_cast<std::int64_t>(check));
  }
  // Pointers must be aligned to the largest elements.
  args.checksum = reinterpret_cast<std::int64_t*>(reinterpret_cast<char*>(checksum.get()) + 4);
  EXPECT(dequantise::launch(args, nullptr, nullptr) == cudaErrorInvalidValue);
  EXPECT(std::strcmp(dequantise::select(args).reason, "a tensor is not aligned to 8 bytes") == 0);
}

}  // namespace

int main() {
  if (lacks_gpu()) return 77;
  judge<dequantise::Args, float, double>(1e-6);
  judge<dequantise::ArgsBf16, std::uint16_t, float>(0.004);
  return failures == 0 ? 0 : 1;
}
