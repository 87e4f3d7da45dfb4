// How exact the steps of epilogue chains are, for the test on the host and the program on a GPU.
// Included after common/epilogue_steps.cuh.
#pragma once
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

// Units in the last place of a float by which `result` misses `exact`; what is beyond the range of
// floats counts as 2^128. Infinite if one of them alone is NaN.
TW_HOST_DEVICE inline double error_in_ulps(float result, double exact) {
  if (result != result || exact != exact) return result != result && exact != exact ? 0 : HUGE_VAL;
  const double beyond = 3.402823669209384634633746e38;
  const double got = fmin(fmax(static_cast<double>(result), -beyond), beyond);
  const double wanted = fmin(fmax(exact, -beyond), beyond);
  int exponent = 0;
  frexp(wanted, &exponent);  // |wanted| is in [2^(exponent - 1), 2^exponent)
  const double unit = ldexp(1.0, (exponent < -125 ? -125 : exponent) - 24);
  return fabs(got - wanted) / unit;
}

template <class Step, class X>
TW_DEVICE X apply(X x, const float* scalars) {
  return Step::template apply<float>(x, nullptr, scalars, tw::epilogue::Point{0, 0, 0});
}

}  // namespace epilogue_accuracy
