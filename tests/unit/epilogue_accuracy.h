// How exact the steps of epilogue chains are, for the test on the host and the program on a GPU.
// Included after common/epilogue_steps.cuh.
#pragma once
#include <cfloat>
#include <cmath>
#include <cstdint>
#include <cstring>

namespace epilogue_accuracy {

// A step and the scalars with which it is tried; one that takes a tensor has nothing to get wrong.
template <class S>
struct Subject {
  using Step = S;
  const char* word;
  float scalars[2];
};

template <class Visit>
void for_each_step(Visit visit) {
  using namespace tw::epilogue;
  visit(Subject<Relu>{"relu", {}});
  visit(Subject<Relu6>{"relu6", {}});
  visit(Subject<LeakyRelu>{"leaky_relu", {0.01f}});
  visit(Subject<Elu>{"elu", {1.5f}});
  visit(Subject<Selu>{"selu", {}});
  visit(Subject<Gelu>{"gelu", {}});
  visit(Subject<GeluTanh>{"gelu_tanh", {}});
  visit(Subject<Silu>{"silu", {}});
  visit(Subject<Sigmoid>{"sigmoid", {}});
  visit(Subject<Tanh>{"tanh", {}});
  visit(Subject<Hardswish>{"hardswish", {}});
  visit(Subject<Hardsigmoid>{"hardsigmoid", {}});
  visit(Subject<Softplus>{"softplus", {}});
  visit(Subject<Clamp>{"clamp", {-0.7f, 1e6f}});
  visit(Subject<Scale>{"scale", {-1.7f}});
  visit(Subject<Div>{"div", {3.0f}});
  visit(Subject<Add>{"add", {0.3f}});
}

// Units in the last place of a float by which `result` misses `exact`. 0 if both are NaN, or if
// `exact` is beyond the range of floats and `result` is that infinity; infinite if one alone is.
TW_HOST_DEVICE inline double error_in_ulps(float result, double exact) {
  if (result != result || exact != exact) return result != result && exact != exact ? 0 : HUGE_VAL;
  const double largest = 3.4028235677973366e38;  // and a half unit: rounds to infinity
  if (fabs(exact) >= largest) {
    const bool same = fabs(static_cast<double>(result)) > FLT_MAX && (result > 0) == (exact > 0);
    return same ? 0 : fabs(static_cast<double>(result)) >= FLT_MAX ? 1 : HUGE_VAL;
  }
  if (fabs(static_cast<double>(result)) > FLT_MAX) return HUGE_VAL;
  int exponent = 0;
  frexp(exact, &exponent);  // |exact| is in [2^(exponent - 1), 2^exponent)
  const double unit = ldexp(1.0, (exponent < -125 ? -125 : exponent) - 24);
  return fabs(static_cast<double>(result) - exact) / unit;
}

template <class Step, class X>
TW_DEVICE X apply(X x, const float* scalars) {
  return Step::template apply<float>(x, nullptr, scalars, tw::epilogue::Point{0, 0, 0});
}

}  // namespace epilogue_accuracy
