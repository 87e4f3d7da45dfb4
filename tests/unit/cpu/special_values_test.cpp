// Rows with infinities and NaN in the kernels of reduce and softmax and in reduced products: the
// results are those of PyTorch. The conformance tests use finite inputs.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "core/catalog/catalog.h"
#include "core/spec/spec.h"
#include "devices/cpu/compile/module.h"
#include "devices/cpu/emulation/scheduler.h"

namespace tw::cpu {
namespace {

constexpr float infinity = std::numeric_limits<float>::infinity();
constexpr float nan = std::numeric_limits<float>::quiet_NaN();
constexpr int rows = 7, columns = 40;

constexpr const char* configurations = R"(
#include "common/epilogue_steps.cuh"
#include "gemm/mma.cuh"
#include "gemm/reference.cuh"
#include "gemm/wgmma.cuh"
#include "reduce/columns.cuh"
#include "reduce/rows.cuh"
#include "softmax/registers.cuh"
#include "softmax/shared.cuh"
#include "softmax/split.cuh"
using Chain = tw::epilogue::Chain<>;
template <tw::reduce::Operation kOperation> struct Rows {
  static constexpr tw::reduce::Choices choices{kOperation};
  static constexpr tw::reduce::rows::Knobs knobs{32, 8, 4, 2, 0};
};
template <tw::reduce::Operation kOperation> struct Parts {
  static constexpr tw::reduce::Choices choices{kOperation};
  static constexpr tw::reduce::rows::Knobs knobs{32, 32, 1, 1, 1};
};
template <tw::reduce::Operation kOperation> struct Columns {
  static constexpr tw::reduce::Choices choices{kOperation};
  static constexpr tw::reduce::columns::Knobs knobs{32, 4, 1, 2, 1};
};
template <tw::softmax::Operation kOperation> struct Registers {
  static constexpr tw::softmax::Choices choices{kOperation};
  static constexpr tw::softmax::registers::Knobs knobs{64, 8, 4, 2};
};
template <tw::softmax::Operation kOperation> struct Shared {
  static constexpr tw::softmax::Choices choices{kOperation};
  static constexpr tw::softmax::shared::Knobs knobs{32, 1, 1};
};
template <tw::softmax::Operation kOperation> struct Split {
  static constexpr tw::softmax::Choices choices{kOperation};
  static constexpr tw::softmax::split::Knobs knobs{32, 1, 1, 1};
};
struct Mma {
  static constexpr tw::gemm::Choices choices{tw::gemm::Layout::nt};
  static constexpr tw::gemm::mma::Knobs knobs{3, tw::gemm::mma::Partial::step,
    64, 64, 32, 32, 32, 3, true, 1, 8, tw::gemm::mma::Schedule::tiles, 1, 1};
};
struct Wgmma {
  static constexpr tw::gemm::Choices choices{tw::gemm::Layout::nt};
  static constexpr tw::gemm::wgmma::Knobs knobs{3, 64, 64, 1, false, 4, 8,
    tw::gemm::wgmma::Schedule::tiles, 1, 1};
};
template <class R>
using Reduced = tw::epilogue::Reduced<tw::epilogue::Chain<tw::epilogue::Residual>, R>;
)";

std::vector<std::string> entries() {
  std::vector<std::string> names;
  for (const std::string operation : {"max", "min", "logsumexp"}) {
    const std::string value = "<tw::reduce::Operation::" + operation + ">, Chain>";
    names.push_back("tw::reduce::rows::kernel<float, Rows" + value);
    names.push_back("tw::reduce::rows::kernel<float, Parts" + value);
    names.push_back("tw::reduce::columns::kernel<float, Columns" + value);
  }
  for (const std::string operation : {"softmax", "log_softmax"}) {
    const std::string value = "<tw::softmax::Operation::" + operation + ">, Chain>";
    names.push_back("tw::softmax::registers::kernel<float, Registers" + value);
    names.push_back("tw::softmax::shared::kernel<float, Shared" + value);
    names.push_back("tw::softmax::split::find<float, Split" + value);
    names.push_back("tw::softmax::split::normalize<float, Split" + value);
  }
  for (const std::string reduction : {"Max", "Sum", "LogSumExp"}) {
    const std::string value = ", Reduced<tw::epilogue::" + reduction + ">>";
    names.push_back("tw::gemm::reference<float, Mma" + value);
    names.push_back("tw::gemm::mma::kernel<float, Mma" + value);
    names.push_back("tw::gemm::wgmma::kernel<float, Wgmma" + value);
    names.push_back("tw::gemm::mma::finish<float, Mma" + value);
  }
  return names;
}

class SpecialValuesTest : public testing::Test {
 protected:
  void SetUp() override {
    Program program;
    program.text = configurations;
    program.headers = builtin_sources();
    program.entries = entries();
    const Compiled compiled = compile_module({&program, 1});
    ASSERT_EQ(compiled.error, "");
    module_ = std::make_unique<LoadedModule>(compiled.path);

    std::fill(x_.begin(), x_.end(), 1.0F);
    fill(0, -infinity);
    at(1, 17) = infinity;
    at(2, 33) = nan;
    fill(3, -infinity);
    at(3, 5) = 2;
    fill(4, 3e38F);
    at(5, 0) = infinity;
    at(5, 1) = nan;
    at(6, 39) = -infinity;
  }

  float& at(int row, int column) { return x_[static_cast<std::size_t>(row * columns + column)]; }
  void fill(int row, float value) { std::fill_n(&at(row, 0), columns, value); }

  template <class... A>
  void run(const std::string& entry, Geometry geometry, A... args) {
    const std::vector<std::string> names = entries();
    const auto index = std::find(names.begin(), names.end(), entry) - names.begin();
    ASSERT_LT(index, static_cast<std::ptrdiff_t>(names.size())) << entry;
    std::vector<void*> pointers{static_cast<void*>(&args)...};
    EXPECT_EQ(scheduler_.run(module_->module(), static_cast<int>(index), geometry, pointers, {}),
              "");
  }

  static void expect_same(float value, float expected, const std::string& what) {
    if (std::isnan(expected)) {
      EXPECT_TRUE(std::isnan(value)) << what << ": " << value;
    } else {
      EXPECT_FLOAT_EQ(value, expected) << what;
    }
  }

  std::unique_ptr<LoadedModule> module_;
  Scheduler scheduler_;
  alignas(16) std::array<float, rows * columns> x_{};
  struct {
    std::int64_t bytes[2];
  } no_chain_{};
};

TEST_F(SpecialValuesTest, Reductions) {
  const std::vector<std::pair<std::string, std::array<float, rows>>> cases{
      {"max", {-infinity, infinity, nan, 2, 3e38F, nan, 1}},
      {"min", {-infinity, 1, nan, -infinity, 3e38F, nan, -infinity}},
      {"logsumexp", {-infinity, infinity, nan, 2, 3e38F, nan, 1 + std::log(39.0F)}},
  };
  std::array<float, rows * columns> transposed{};
  for (int row = 0; row < rows; ++row) {
    for (int column = 0; column < columns; ++column) {
      transposed[static_cast<std::size_t>(column * rows + row)] = at(row, column);
    }
  }
  for (const auto& [operation, expected] : cases) {
    const std::string value = "<tw::reduce::Operation::" + operation + ">, Chain>";
    std::array<float, 4096> partials{};
    std::array<unsigned, rows> arrived{};
    const auto check = [&](const std::string& kernel, const std::array<float, rows>& y) {
      for (std::size_t row = 0; row < rows; ++row) {
        expect_same(y[row], expected[row], kernel + value + " row " + std::to_string(row));
      }
    };
    std::array<float, rows> y{};
    run("tw::reduce::rows::kernel<float, Rows" + value, {{2, 1, 1}, {32, 1, 1}}, x_.data(),
        y.data(), rows, std::int64_t{columns}, std::int64_t{columns}, 1, no_chain_, partials.data(),
        arrived.data());
    check("rows", y);
    run("tw::reduce::rows::kernel<float, Parts" + value, {{3 * rows, 1, 1}, {32, 1, 1}}, x_.data(),
        y.data(), rows, std::int64_t{columns}, std::int64_t{columns}, 3, no_chain_, partials.data(),
        arrived.data());
    check("parts", y);
    run("tw::reduce::columns::kernel<float, Columns" + value, {{2 * 3, 1, 1}, {32, 1, 1}},
        transposed.data(), y.data(), std::int64_t{columns}, rows, std::int64_t{columns * rows}, 3,
        no_chain_, partials.data(), arrived.data());
    check("columns", y);
  }
}

TEST_F(SpecialValuesTest, Softmax) {
  for (const std::string operation : {"softmax", "log_softmax"}) {
    const bool logarithm = operation == "log_softmax";
    const auto expected = [&](int row, int column) {
      const float part = row == 3   ? (column == 5 ? 1.0F : 0.0F)
                         : row == 4 ? 1.0F / columns
                         : row == 6 ? (column == 39 ? 0.0F : 1.0F / 39)
                                    : nan;
      return logarithm ? std::log(part) : part;
    };
    const std::string value = "<tw::softmax::Operation::" + operation + ">, Chain>";
    const auto check = [&](const std::string& kernel, const std::array<float, rows * columns>& y) {
      for (int row = 0; row < rows; ++row) {
        for (int column = 0; column < columns; ++column) {
          expect_same(y[static_cast<std::size_t>(row * columns + column)], expected(row, column),
                      kernel + value + " row " + std::to_string(row));
        }
      }
    };
    alignas(16) std::array<float, rows * columns> y{};
    const std::int64_t ld = columns;
    run("tw::softmax::registers::kernel<float, Registers" + value, {{1, 1, 1}, {64, 1, 1}},
        x_.data(), y.data(), rows, columns, ld, ld, no_chain_);
    check("registers", y);
    run("tw::softmax::shared::kernel<float, Shared" + value, {{rows, 1, 1}, {32, 1, 1}, 512},
        x_.data(), y.data(), 1, columns, ld, ld, no_chain_);
    check("shared", y);
    std::array<float, 2 * 3 * rows> partials{};
    const std::int64_t plane = 3 * rows;
    run("tw::softmax::split::find<float, Split" + value, {{3 * rows, 1, 1}, {32, 1, 1}}, x_.data(),
        y.data(), columns, ld, ld, 3, plane, no_chain_, partials.data());
    run("tw::softmax::split::normalize<float, Split" + value, {{3 * rows, 1, 1}, {32, 1, 1}},
        x_.data(), y.data(), columns, ld, ld, 3, plane, no_chain_, partials.data());
    check("split", y);
  }
}

// Returns the map of a matrix with four columns, copied in boxes of 64 rows by 128 bytes.
tw_cpu::TensorMap map_of(const float* data, int height) {
  tw_cpu::TensorMap map{};
  map.data = data;
  map.rank = 3;
  map.element_bytes = 4;
  map.swizzle = 128;
  const long long strides[] = {4, 16, 16LL * height};
  const unsigned extents[] = {4, static_cast<unsigned>(height), 1};
  const unsigned short box[] = {32, 64, 1};
  std::copy_n(strides, 3, map.strides);
  std::copy_n(extents, 3, map.extents);
  std::copy_n(box, 3, map.box);
  return map;
}

// The structs of kernels/gemm/arguments.cuh.
struct Size {
  int m, n, k;
};
struct Destination {
  float* data;
  std::int64_t ld, stride;
  float alpha, beta;
};
struct Strides {
  std::int64_t lda, ldb, ldc, a, b, c;
};
struct Work {
  int workers = 0, shared_tiles = 0;
  float* partials = nullptr;
  unsigned* arrived = nullptr;
};

// A product of zeros, to which x is added.
TEST_F(SpecialValuesTest, RowsOfProducts) {
  const std::vector<std::pair<std::string, std::array<float, rows>>> cases{
      {"Max", {-infinity, infinity, nan, 2, 3e38F, nan, 1}},
      {"Sum", {-infinity, infinity, nan, -infinity, infinity, nan, -infinity}},
      {"LogSumExp", {-infinity, infinity, nan, 2, 3e38F, nan, 1 + std::log(39.0F)}},
  };
  constexpr int k = 4;
  constexpr std::int64_t ld = k, one = 1, none = 0;
  alignas(16) const std::array<float, columns * k> zeros{};
  const struct {
    const float* tensor;
    std::int64_t no_scalar;
  } chain{x_.data(), 0};
  for (const auto& [reduction, expected] : cases) {
    const std::string value = ", Reduced<tw::epilogue::" + reduction + ">>";
    float* const nothing = nullptr;
    std::array<float, rows> y{};
    std::array<float, 4 * rows> row_partials{};
    const auto finish_and_check = [&](const std::string& kernel, int parts) {
      run("tw::gemm::mma::finish<float, Mma" + value, {{1, 1, 1}, {256, 1, 1}}, rows, rows, parts,
          row_partials.data(), y.data(), one, none);
      for (std::size_t row = 0; row < rows; ++row) {
        expect_same(y[row], expected[row], kernel + value + " row " + std::to_string(row));
      }
    };
    run("tw::gemm::mma::kernel<float, Mma" + value, {{1, 1, 1}, {128, 1, 1}, 3 * 32 * 128 * 4},
        rows, columns, k, zeros.data(), ld, none, zeros.data(), ld, none, y.data(), one, none, 1.0F,
        0.0F, chain, 0, 0, nothing, nothing, row_partials.data());
    finish_and_check("mma", 2);
    run("tw::gemm::wgmma::kernel<float, Wgmma" + value,
        {{1, 1, 1}, {160, 1, 1}, 1280 + 6 * 128 * 128}, Size{rows, columns, k},
        map_of(zeros.data(), rows), 0, map_of(zeros.data(), columns), 0,
        Destination{y.data(), one, none, 1, 0}, chain, 1, Work{}, row_partials.data());
    finish_and_check("wgmma", 1);
    std::array<double, rows> oracle{}, magnitude{};
    run("tw::gemm::reference<float, Mma" + value, {{1, 1, 1}, {16, 16, 1}}, Size{rows, columns, k},
        1, zeros.data(), zeros.data(), y.data(), Strides{ld, ld, one, none, none, none}, 1.0F, 0.0F,
        chain, 0x1p-20, 0, oracle.data(), magnitude.data());
    for (std::size_t row = 0; row < rows; ++row) {
      expect_same(static_cast<float>(oracle[row]), expected[row],
                  "the oracle" + value + " row " + std::to_string(row));
    }
  }
}

}  // namespace
}  // namespace tw::cpu
