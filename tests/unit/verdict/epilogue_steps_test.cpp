// The steps of epilogue chains against an independent evaluation in double precision, on the host:
// the formulas, the infinities, NaN. The device's functions are tried in
// tests/gpu/epilogue_program.
#include <gtest/gtest.h>

#include <cfloat>
#include <functional>
#include <limits>
#include <map>
#include <set>
#include <string>

#include "core/types/epilogue.h"
// The rest of CUDA's language for the host.
#include "devices/cpu/shim/shim.h"
//
#include "common/epilogue_steps.cuh"
#include "unit/verdict/epilogue_accuracy.h"

namespace tw {
namespace {

using Function = std::function<double(double, const float*)>;

// As torch.nn.functional documents them. At infinities the products of 0 and infinity are meant.
const std::map<std::string, Function>& oracles() {
  const auto ramp = [](double x) { return std::isnan(x) ? x : std::fmin(std::fmax(x + 3, 0), 6); };
  static const std::map<std::string, Function> table{
      {"relu", [](double x, const float*) { return std::isnan(x) ? x : std::fmax(x, 0); }},
      {"relu6",
       [](double x, const float*) { return std::isnan(x) ? x : std::fmin(std::fmax(x, 0), 6); }},
      {"leaky_relu", [](double x, const float* s) { return x > 0 ? x : x * double{s[0]}; }},
      {"elu", [](double x, const float* s) { return x > 0 ? x : double{s[0]} * std::expm1(x); }},
      {"selu",
       [](double x, const float*) {
         return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * std::expm1(x));
       }},
      {"gelu", [](double x, const float*) { return x * 0.5 * std::erfc(-x / std::sqrt(2.0)); }},
      {"gelu_tanh",
       [](double x, const float*) {
         // 1 + tanh(u) = 2 / (1 + exp(-2u)) does not cancel.
         const double u = std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x);
         return u < 0 ? x * std::exp(2 * u) / (1 + std::exp(2 * u)) : x / (1 + std::exp(-2 * u));
       }},
      {"silu",
       [](double x, const float*) {
         return x < 0 ? x * std::exp(x) / (1 + std::exp(x)) : x / (1 + std::exp(-x));
       }},
      {"sigmoid",
       [](double x, const float*) {
         return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x));
       }},
      {"tanh", [](double x, const float*) { return std::tanh(x); }},
      {"hardswish", [ramp](double x, const float*) { return x * ramp(x) / 6; }},
      {"hardsigmoid", [ramp](double x, const float*) { return ramp(x) / 6; }},
      {"softplus", [](double x, const float*) { return x > 20 ? x : std::log1p(std::exp(x)); }},
      {"clamp",
       [](double x, const float* s) {
         return std::isnan(x) ? x : std::fmin(std::fmax(x, double{s[0]}), double{s[1]});
       }},
      {"scale", [](double x, const float* s) { return x * double{s[0]}; }},
      {"div", [](double x, const float* s) { return x / double{s[0]}; }},
      {"add", [](double x, const float* s) { return x + double{s[0]}; }},
  };
  return table;
}

// A sample of all bit patterns, and the places where formulas change or break.
template <class Visit>
void for_inputs(Visit visit) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  for (const float x :
       {0.0F, 1e-45F, FLT_MIN, 1e-8F, 1.0F, 2.999999F, 3.0F, 6.0F, 10.0F, 20.0F, 20.000002F, 87.4F,
        88.8F, 104.0F, 1e19F, 2e19F, FLT_MAX, infinity, std::numeric_limits<float>::quiet_NaN()}) {
    visit(x);
    visit(-x);
  }
  for (std::uint64_t bits = 0; bits < (std::uint64_t{1} << 32); bits += 40009) {
    const auto pattern = static_cast<std::uint32_t>(bits);
    float x = 0;
    std::memcpy(&x, &pattern, sizeof x);
    visit(x);
  }
}

TEST(EpilogueSteps, EveryWordWithoutATensorHasAnOracle) {
  std::set<std::string> words, tried;
  for (const EpilogueWord& word : epilogue_words()) {
    if (!word.takes_tensor && !word.reduces) words.emplace(word.name);
  }
  epilogue_accuracy::for_each_step([&](const auto& subject) { tried.emplace(subject.word); });
  EXPECT_EQ(tried, words);
  for (const std::string& word : words) EXPECT_TRUE(oracles().contains(word)) << word;
}

TEST(EpilogueSteps, FloatsAreWithinAFewUnits) {
  epilogue_accuracy::for_each_step([&](const auto& subject) {
    using Step = typename std::decay_t<decltype(subject)>::Step;
    const Function& oracle = oracles().at(subject.word);
    double worst = -1;
    float where = 0;
    for_inputs([&](float x) {
      const float result = epilogue_accuracy::apply<Step>(x, subject.scalars);
      const double exact = oracle(double{x}, subject.scalars);
      const double error = epilogue_accuracy::error_in_ulps(result, exact);
      if (error <= worst) return;
      worst = error;
      where = x;
    });
    EXPECT_LE(worst, 8) << subject.word << "(" << where
                        << ") = " << epilogue_accuracy::apply<Step>(where, subject.scalars)
                        << ", exactly " << oracle(double{where}, subject.scalars);
  });
}

// What the references compute with.
TEST(EpilogueSteps, DoublesAreExact) {
  epilogue_accuracy::for_each_step([&](const auto& subject) {
    using Step = typename std::decay_t<decltype(subject)>::Step;
    const Function& oracle = oracles().at(subject.word);
    int wrong = 0;
    for_inputs([&](float x) {
      const double result = epilogue_accuracy::apply<Step>(double{x}, subject.scalars);
      const double exact = oracle(double{x}, subject.scalars);
      if (std::isnan(exact)
              ? !std::isnan(result)
              : result != exact && std::fabs(result - exact) > 1e-12 * std::fabs(exact) + DBL_MIN) {
        if (++wrong == 1) {
          ADD_FAILURE() << subject.word << "(" << x << ") = " << result << ", exactly " << exact;
        }
      }
    });
    EXPECT_EQ(wrong, 0) << subject.word;
  });
}

}  // namespace
}  // namespace tw
