// Compares the host implementations of the warp-wide instructions with products of whole matrices
// in double, with fragments from ldmatrix and in the PTX ISA's layout. Also tests the conversions
// of the 16-bit types.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "core/catalog/catalog.h"
#include "core/spec/spec.h"
#include "devices/cpu/compile/module.h"
#include "devices/cpu/emulation/scheduler.h"
#include "devices/cpu/values.h"

namespace tw::cpu {
namespace {

// Stores 16-bit elements in host memory.
void store(std::uint16_t* to, std::size_t at, DType dtype, float value) {
  write_element(dtype, reinterpret_cast<std::byte*>(to), static_cast<std::int64_t>(at),
                double{value});
}
double load(const std::uint16_t* from, std::size_t at, DType dtype) {
  return read_element(dtype, reinterpret_cast<const std::byte*>(from),
                      static_cast<std::int64_t>(at));
}

constexpr const char* kernels = R"(
#include "common/mma.cuh"
#include "common/wgmma.cuh"
// A is 16 x 16 and row-major, B is stored [n][k] or, transposed, [k][n]; 8 columns.
template <class T, bool kTransposed> __global__ void product16(const T* a, const T* b, float* d) {
  T* const shared = tw::dynamic_shared<T>();
  for (int i = threadIdx.x; i < 256; i += 32) shared[i] = a[i];
  for (int i = threadIdx.x; i < 128; i += 32) shared[256 + i] = b[i];
  __syncwarp();
  const auto base = tw::SharedPointer<T>::dynamic();
  const int lane = threadIdx.x;
  unsigned fragment_a[4], fragment_b[2];
  tw::ldmatrix(fragment_a, base + (lane % 16 * 16 + lane / 16 * 8));
  if (kTransposed) {
    tw::ldmatrix_transposed(fragment_b, base + (256 + lane % 16 * 8));
  } else {
    tw::ldmatrix(fragment_b, base + (256 + lane % 8 * 16 + lane / 8 % 2 * 8));
  }
  float sums[4] = {1, 1, 1, 1};
  tw::mma_m16n8k16<T>(sums, fragment_a, fragment_b);
  const int g = lane / 4, t = lane % 4;
  for (int i = 0; i < 4; ++i) d[(g + i / 2 * 8) * 8 + 2 * t + i % 2] = sums[i];
}
// A is 16 x 8 and row-major, B is 8 x 8, stored [n][k].
__global__ void product8(const float* a, const float* b, float* d, int rounded) {
  const int lane = threadIdx.x, g = lane / 4, t = lane % 4;
  unsigned fragment_a[4], fragment_b[2];
  for (int i = 0; i < 4; ++i) {
    const float x = a[(g + i % 2 * 8) * 8 + t + i / 2 * 4];
    fragment_a[i] = rounded ? tw::to_tf32(x) : __float_as_uint(x);
  }
  for (int i = 0; i < 2; ++i) {
    const float x = b[g * 8 + t + i * 4];
    fragment_b[i] = rounded ? tw::to_tf32(x) : __float_as_uint(x);
  }
  float sums[4] = {1, 1, 1, 1};
  tw::mma_m16n8k8(sums, fragment_a, fragment_b);
  for (int i = 0; i < 4; ++i) d[(g + i / 2 * 8) * 8 + 2 * t + i % 2] = sums[i];
}
// A is 64 x 8 and row-major, in registers; B is 8 x 64, stored [n][k]. flaw: a register changes too
// early.
__global__ void held(const float* a, const float* b, float* d, int flaw) {
  for (int i = threadIdx.x; i < 512; i += 128) {
    tw::dynamic_shared<float>()[i % 8 / 4 * 256 + i / 8 * 4 + i % 4] = b[i];
  }
  tw::fence_proxy_async();
  __syncthreads();
  const int row = threadIdx.x / 32 * 16 + threadIdx.x % 32 / 4, t = threadIdx.x % 4;
  tw::WgmmaHeld mine;
  for (int i = 0; i < 4; ++i) {
    mine.words[i] = __float_as_uint(a[(row + i % 2 * 8) * 8 + t + i / 2 * 4]);
  }
  float sums[8][4];
  for (int i = 0; i < 32; ++i) sums[i / 4][i % 4] = 1;
  tw::WgmmaQueue queue;
  queue.begin();
  const tw::WgmmaLines<float> columns(tw::SharedPointer<float>::dynamic());
  queue.multiply(sums, mine, columns.at(0, 64), true);
  queue.commit();
  if (flaw) mine.words[0] ^= 1u << 20;
  queue.wait<0>();
  for (int i = 0; i < 32; ++i) {
    d[(row + i % 4 / 2 * 8) * 64 + i / 4 * 8 + 2 * t + i % 2] = sums[i / 4][i % 4];
  }
}
__global__ void split(const float* x, float* big, float* small) {
  const tw::SplitTf32 parts(x[threadIdx.x]);
  big[threadIdx.x] = __uint_as_float(parts.big);
  small[threadIdx.x] = __uint_as_float(parts.small);
}
template <class T> __global__ void convert(const float* x, unsigned short* bits, float* back) {
  bits[threadIdx.x] = tw::from_float<T>(x[threadIdx.x]).bits;
  back[threadIdx.x] = tw::to_float(T{bits[threadIdx.x]});
}
__global__ void lonely(float* d) {
  unsigned a[4] = {}, b[2] = {};
  float sums[4] = {};
  if (threadIdx.x > 0) tw::mma_m16n8k8(sums, a, b);
  d[0] = sums[0];
}
)";
const std::vector<std::string> entries{"product16<tw::bf16, false>",
                                       "product16<tw::bf16, true>",
                                       "product16<tw::f16, false>",
                                       "product8",
                                       "held",
                                       "split",
                                       "convert<tw::f16>",
                                       "convert<tw::bf16>",
                                       "lonely"};

class MmaTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    Program program;
    program.text = kernels;
    program.headers = builtin_sources();
    program.entries = entries;
    const Compiled compiled = compile_module({&program, 1});
    ASSERT_EQ(compiled.error, "");
    module_ = new LoadedModule(compiled.path);
  }
  static void TearDownTestSuite() {
    delete module_;
    module_ = nullptr;
  }

  template <class... A>
  std::string run(const std::string& entry, std::int64_t threads, A... args) {
    std::vector<void*> pointers{static_cast<void*>(&args)...};
    const auto at = std::find(entries.begin(), entries.end(), entry) - entries.begin();
    return scheduler_.run(module_->module(), static_cast<int>(at),
                          {{1, 1, 1}, {threads, 1, 1}, 2048}, pointers, {});
  }

  static LoadedModule* module_;
  Scheduler scheduler_;
};
LoadedModule* MmaTest::module_ = nullptr;

float value(std::size_t i) { return std::sin(static_cast<float>(i) * 1.7F) * 3; }
float truncated(float x) {
  std::uint32_t bits = 0;
  std::memcpy(&bits, &x, sizeof x);
  bits &= ~0x1fffU;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

TEST_F(MmaTest, ProductsOf16Bits) {
  for (const auto& [entry, dtype, transposed] :
       {std::tuple{"product16<tw::bf16, false>", DType::bf16, false},
        std::tuple{"product16<tw::bf16, true>", DType::bf16, true},
        std::tuple{"product16<tw::f16, false>", DType::f16, false}}) {
    alignas(16) std::array<std::uint16_t, 256> a{};
    alignas(16) std::array<std::uint16_t, 128> b{};
    for (std::size_t i = 0; i < a.size(); ++i) store(a.data(), i, dtype, value(i));
    for (std::size_t i = 0; i < b.size(); ++i) store(b.data(), i, dtype, value(i + 999));
    std::vector<float> d(128);
    ASSERT_EQ(run(entry, 32, a.data(), b.data(), d.data()), "");
    for (std::size_t row = 0; row < 16; ++row) {
      for (std::size_t column = 0; column < 8; ++column) {
        double sum = 1;
        for (std::size_t k = 0; k < 16; ++k) {
          sum += load(a.data(), row * 16 + k, dtype) *
                 load(b.data(), transposed ? k * 8 + column : column * 16 + k, dtype);
        }
        EXPECT_FLOAT_EQ(d[row * 8 + column], static_cast<float>(sum)) << entry;
      }
    }
  }
}

TEST_F(MmaTest, Tf32OperandsAreTruncated) {
  std::vector<float> a(128), b(64), rounded(128), raw(128);
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = value(i);
  for (std::size_t i = 0; i < b.size(); ++i) b[i] = value(i + 500);
  ASSERT_EQ(run("product8", 32, a.data(), b.data(), raw.data(), 0), "");
  ASSERT_EQ(run("product8", 32, a.data(), b.data(), rounded.data(), 1), "");
  int different = 0;
  for (std::size_t i = 0; i < 128; ++i) {
    double exact = 1, expected = 1;
    for (std::size_t k = 0; k < 8; ++k) {
      const float x = a[i / 8 * 8 + k], y = b[i % 8 * 8 + k];
      exact += double{x} * double{y};
      expected += double{truncated(x)} * double{truncated(y)};
    }
    EXPECT_FLOAT_EQ(raw[i], static_cast<float>(expected));
    EXPECT_NEAR(double{rounded[i]}, exact, 8 * 9 * std::ldexp(1, -10));
    different += raw[i] != rounded[i];
  }
  EXPECT_GT(different, 100);
}

TEST_F(MmaTest, WarpgroupsMultiplyRegisters) {
  std::vector<float> a(512), b(512), d(4096);
  for (std::size_t i = 0; i < a.size(); ++i) a[i] = value(i);
  for (std::size_t i = 0; i < b.size(); ++i) b[i] = value(i + 700);
  ASSERT_EQ(run("held", 128, a.data(), b.data(), d.data(), 0), "");
  for (std::size_t i = 0; i < d.size(); ++i) {
    double expected = 1;
    for (std::size_t k = 0; k < 8; ++k) {
      expected += double{truncated(a[i / 64 * 8 + k])} * double{truncated(b[i % 64 * 8 + k])};
    }
    EXPECT_FLOAT_EQ(d[i], static_cast<float>(expected)) << i;
  }
  EXPECT_EQ(run("held", 128, a.data(), b.data(), d.data(), 1).substr(0, 48),
            "an operand in registers changed during its wgmma");
}

TEST_F(MmaTest, TwoTf32HoldAFloat) {
  std::vector<float> x{1, 3.14159265F, -1e-20F, 1.0F + std::ldexp(1.0F, -11), 65504.7F, 0};
  std::vector<float> big(x.size()), small(x.size());
  ASSERT_EQ(run("split", 6, x.data(), big.data(), small.data()), "");
  for (std::size_t i = 0; i < x.size(); ++i) {
    EXPECT_EQ(big[i], truncated(big[i]));
    EXPECT_EQ(small[i], truncated(small[i]));
    EXPECT_LE(std::fabs(double{x[i]} - big[i]), std::ldexp(std::fabs(double{x[i]}), -11));
    EXPECT_LE(std::fabs(double{x[i]} - big[i] - small[i]),
              std::ldexp(std::fabs(double{x[i]}), -22));
  }
  EXPECT_GT(big[3], x[3]);  // a tie goes away from zero
}

// The cpu device has separate code that reads and writes tensors.
TEST_F(MmaTest, SixteenBitConversions) {
  const float infinity = HUGE_VALF;
  std::vector<float> x{0,        -0.0F,    1,       1.00048828125F, 1.00146484375F, 65504,
                       65519.9F, 65520,    -1e30F,  6e-8F,          2.9e-8F,        3.0e-8F,
                       6.1e-5F,  infinity, 3.4e38F, 1e-40F};
  for (std::size_t i = 0; i < 900; ++i)
    x.push_back(std::ldexp(value(i), static_cast<int>(i % 60) - 30));
  for (const auto& [entry, dtype] :
       {std::pair{"convert<tw::f16>", DType::f16}, std::pair{"convert<tw::bf16>", DType::bf16}}) {
    std::vector<std::uint16_t> bits(x.size()), expected(x.size());
    std::vector<float> back(x.size());
    ASSERT_EQ(run(entry, static_cast<std::int64_t>(x.size()), x.data(), bits.data(), back.data()),
              "");
    for (std::size_t i = 0; i < x.size(); ++i) {
      store(expected.data(), i, dtype, x[i]);
      EXPECT_EQ(bits[i], expected[i]) << entry << " " << x[i];
      EXPECT_EQ(double{back[i]}, load(expected.data(), i, dtype)) << entry << " " << x[i];
    }
  }
}

TEST_F(MmaTest, NotAllThreadsIsAFault) {
  std::vector<float> d(1);
  EXPECT_NE(run("lonely", 32, d.data()).find("a warp-wide instruction by 31 of 32 threads"),
            std::string::npos);
}

}  // namespace
}  // namespace tw::cpu
