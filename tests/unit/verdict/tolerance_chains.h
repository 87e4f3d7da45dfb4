// The steps of chains and the row reductions as plain formulas: in fp64, rounded to fp32 after each
// step.
#pragma once
#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "core/types/epilogue.h"
#include "unit/verdict/tolerance_fixture.h"

namespace tw::tolerances {

using StepFunction = std::function<double(double x, const std::vector<float>& arguments)>;

inline const std::map<std::string, StepFunction, std::less<>>& steps() {
  using Arguments = const std::vector<float>&;
  const auto logistic = [](double x) { return 1 / (1 + std::exp(-x)); };
  const auto ramp = [](double x) { return std::min(std::max(x + 3, 0.0), 6.0) / 6; };
  static const std::map<std::string, StepFunction, std::less<>> table{
      {"relu", [](double x, Arguments) { return std::max(x, 0.0); }},
      {"relu6", [](double x, Arguments) { return std::min(std::max(x, 0.0), 6.0); }},
      {"leaky_relu", [](double x, Arguments a) { return x > 0 ? x : a[0] * x; }},
      {"elu", [](double x, Arguments a) { return x > 0 ? x : a[0] * std::expm1(x); }},
      {"selu",
       [](double x, Arguments) {
         return 1.0507009873554805 * (x > 0 ? x : 1.6732632423543772 * std::expm1(x));
       }},
      {"gelu", [](double x, Arguments) { return x * std::erfc(-x / std::sqrt(2.0)) / 2; }},
      {"gelu_tanh",
       [=](double x, Arguments) {
         return x * logistic(2 * std::sqrt(2 / M_PI) * (x + 0.044715 * x * x * x));
       }},
      {"silu", [=](double x, Arguments) { return x * logistic(x); }},
      {"sigmoid", [=](double x, Arguments) { return logistic(x); }},
      {"tanh", [](double x, Arguments) { return std::tanh(x); }},
      {"hardswish", [=](double x, Arguments) { return x * ramp(x); }},
      {"hardsigmoid", [=](double x, Arguments) { return ramp(x); }},
      {"softplus", [](double x, Arguments) { return x > 20 ? x : std::log1p(std::exp(x)); }},
      {"clamp",
       [](double x, Arguments a) { return std::min<double>(std::max<double>(x, a[0]), a[1]); }},
      {"scale", [](double x, Arguments a) { return x * a[0]; }},
      {"div", [](double x, Arguments a) { return x / a[0]; }},
      {"add", [](double x, Arguments a) { return x + a[0]; }},
  };
  return table;
}

// The place of an element in the output, and its offset in a tensor of the output's shape.
struct Place {
  std::size_t row, column, at;
};

// Applies the chain without its reduction to all elements, at the places that place_of(i) returns.
template <class PlaceOf>
std::vector<float> chained(const Given& given, int set, std::vector<float> values,
                           const PlaceOf& place_of) {
  std::size_t tensors = 0;
  for (const EpilogueStep& step : given.problem().epilogue.steps) {
    if (step.word->reduces) break;
    if (step.word->takes_tensor) {
      const std::vector<float> terms = given.epilogue_input(set, tensors++);
      for (std::size_t i = 0; i < values.size(); ++i) {
        const Place place = place_of(i);
        values[i] += terms[step.word->name == "residual"   ? place.at
                           : step.word->name == "bias_row" ? place.row
                                                           : place.column];
      }
      continue;
    }
    const StepFunction& function = steps().at(std::string(step.word->name));
    for (float& x : values) x = static_cast<float>(function(x, step.arguments));
  }
  return values;
}

inline float log_sum_exp(const std::vector<float>& row) {
  const float top = *std::max_element(row.begin(), row.end());
  if (!std::isfinite(top)) return top;
  float sum = 0;
  for (const float x : row) sum += std::exp(x - top);
  return top + std::log(sum);
}

// Returns the reduction of a row.
inline float reduced(std::string_view reduction, const std::vector<float>& row) {
  if (reduction == "max") return *std::max_element(row.begin(), row.end());
  if (reduction == "logsumexp") return log_sum_exp(row);
  float sum = 0;
  for (const float x : row) sum += x;
  return sum;
}

}  // namespace tw::tolerances
