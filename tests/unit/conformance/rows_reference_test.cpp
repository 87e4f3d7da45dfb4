// Compares the oracles of reduce, softmax and activation with plain loops over their definitions in
// PyTorch's documentation.
#include <functional>

#include "unit/conformance/reference.h"

namespace tw::conformance {
namespace {

// Summary of some elements, which both reductions and softmax need.
struct Summary {
  double sum = 0, absolute = 0, top = -HUGE_VAL, bottom = HUGE_VAL;
  double exponentials = 0;  // the sum of exp(x)
  double spread = 0;        // the mean of top - x, weighted by exp(x)

  Summary(const Elements& x, std::int64_t first, std::int64_t count, std::int64_t stride) {
    double weighted = 0;
    for (std::int64_t at = first; at < first + count * stride; at += stride) {
      sum += x[at];
      absolute += std::fabs(x[at]);
      top = std::max(top, x[at]);
      bottom = std::min(bottom, x[at]);
      exponentials += std::exp(x[at]);
      weighted += std::exp(x[at]) * x[at];
    }
    spread = top - weighted / exponentials;
  }
};

Judged reduced(const std::string& operation, const Summary& of, double count) {
  if (operation == "sum") return judged(of.sum, of.absolute);
  if (operation == "mean") return judged(of.sum / count, of.absolute / count);
  if (operation == "max") return judged(of.top, 0);
  if (operation == "min") return judged(of.bottom, 0);
  const double value = std::log(of.exponentials);
  return judged(value, std::fabs(of.top) + (value - of.top) + 1 + of.spread);
}

class ReduceReferenceTest : public testing::TestWithParam<std::string> {};

TEST_P(ReduceReferenceTest, IsTheReduction) {
  const std::vector<std::string> shapes{
      "outer=1,extent=1",
      "outer=5,extent=67,ldx=71",
      "outer=2,extent=4099",
      "outer=3,extent=31,inner=7,ldx=230",
  };
  check_reference(
      "reduce", shapes, "operation=" + GetParam(), "bias_row", [](const ReferenceRun& run) {
        const std::int64_t extent = run.dim("extent"), inner = run.dim("inner");
        const Elements bias = run.epilogue_tensor();
        for (std::int64_t at = 0; at < run.dim("outer") * inner; ++at) {
          const std::int64_t row = at / inner;
          const Summary summary(run.tensor("x"), row * run.dim("ldx") + at % inner, extent, inner);
          const Judged result = reduced(GetParam(), summary, static_cast<double>(extent));
          run.compare("y", at, plus(result, run.tolerance(), bias[row]));
        }
      });
}

INSTANTIATE_TEST_SUITE_P(Operations, ReduceReferenceTest,
                         testing::Values("sum", "mean", "max", "min", "logsumexp"),
                         [](const auto& parameter) { return parameter.param; });

class SoftmaxReferenceTest : public testing::TestWithParam<std::string> {};

TEST_P(SoftmaxReferenceTest, IsTheSoftmaxOfRows) {
  const std::vector<std::string> shapes{
      "rows=1,columns=1",
      "rows=5,columns=67,ldx=71,ldy=69",
      "rows=3,columns=701,ldy=702",
  };
  const auto check = [](const ReferenceRun& run) {
    const Elements x = run.tensor("x"), bias = run.epilogue_tensor();
    for (std::int64_t row = 0; row < run.dim("rows"); ++row) {
      const Summary summary(x, row * run.dim("ldx"), run.dim("columns"), 1);
      for (std::int64_t column = 0; column < run.dim("columns"); ++column) {
        const double from = x[row * run.dim("ldx") + column], below = summary.top - from;
        double value = std::exp(from) / summary.exponentials;
        double magnitude = value * (1 + below + summary.spread);
        if (GetParam() == "log_softmax") {
          value = std::log(value);
          const double log_sum = std::log(summary.exponentials) - summary.top;
          magnitude = below + log_sum + 1 + summary.spread;
        }
        run.compare("y", row * run.dim("ldy") + column,
                    plus(judged(value, magnitude), run.tolerance(), bias[column]));
      }
    }
  };
  check_reference("softmax", shapes, "operation=" + GetParam(), "bias_column", check);
}

INSTANTIATE_TEST_SUITE_P(Operations, SoftmaxReferenceTest,
                         testing::Values("softmax", "log_softmax"),
                         [](const auto& parameter) { return parameter.param; });

// A chain, the result of its last step for x and an element of the step's tensor, and the index of
// the element.
struct Activation {
  std::string chain;
  double scale;  // factor for x before the step; 1 if there is no scale step
  std::function<double(double x, double element)> step;
  std::function<std::int64_t(std::int64_t row, std::int64_t column, std::int64_t at)> place;
};

std::vector<Activation> activations() {
  const auto nowhere = [](auto...) { return std::int64_t{0}; };
  const auto add = [](double x, double element) { return x + element; };
  const auto elu = [](double x, double) { return x > 0 ? x : 1.5 * std::expm1(x); };
  const auto hardswish = [](double x, double) {
    return x <= -3 ? 0 : x >= 3 ? x : x * (x + 3) / 6;
  };
  return {
      {"elu(1.5)", 1, elu, nowhere},
      {"scale(8),hardswish", 8, hardswish, nowhere},  // beyond both bends
      {"bias_row", 1, add, [](std::int64_t row, std::int64_t, std::int64_t) { return row; }},
      {"bias_column", 1, add,
       [](std::int64_t, std::int64_t column, std::int64_t) { return column; }},
      {"residual", 1, add, [](std::int64_t, std::int64_t, std::int64_t at) { return at; }},
  };
}

Judged result_of(const Activation& activation, double x, double element, double tolerance) {
  Judged result = judged(x, 0);
  if (activation.scale != 1) {
    result = through(result, tolerance, [&](double value) { return value * activation.scale; });
  }
  return through(result, tolerance, [&](double value) { return activation.step(value, element); });
}

TEST(ActivationReferenceTest, IsTheChain) {
  const std::vector<std::string> shapes{"rows=1,columns=1", "rows=7,columns=67,ldx=71,ldy=69",
                                        "rows=2,columns=300,ldy=301"};
  for (const Activation& activation : activations()) {
    check_reference("activation", shapes, "", activation.chain, [&](const ReferenceRun& run) {
      const Elements x = run.tensor("x"), tensor = run.epilogue_tensor();
      for (std::int64_t row = 0; row < run.dim("rows"); ++row) {
        for (std::int64_t column = 0; column < run.dim("columns"); ++column) {
          const std::int64_t at = row * run.dim("ldy") + column;
          const std::int64_t place = activation.place(row, column, at);
          run.compare("y", at,
                      result_of(activation, x[row * run.dim("ldx") + column],
                                tensor.data ? tensor[place] : 0, run.tolerance()));
        }
      }
    });
  }
}

}  // namespace
}  // namespace tw::conformance
