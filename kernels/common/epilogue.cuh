// What is done to each element of a result before it is stored: a chain of steps, applied in order.
//
// A step is one struct: the tensors and scalars that it takes at run time, `apply`, and
// `magnitude`, which tells the reference how far the step lets an error of its input through. The
// steps are in epilogue_steps.cuh, which only programs with a chain include: a new one leaves what
// was measured without valid.
#pragma once

#include "common/config.cuh"

namespace tw::epilogue {

// Where the element is in the output. offset: in elements, from the output's first.
struct Point {
  int row;
  int column;
  long long offset;
};

// The base of the steps. magnitude: results are judged by |x - expected| <= tolerance * magnitude,
// where the magnitude of a sum is that of its absolute terms. A step f turns the bound on its input
// into one on its result: magnitude * (a Lipschitz constant of f) + the absolute values that f
// itself rounds. The default is that of an f which neither amplifies nor rounds.
template <int kTensors, int kScalars>
struct Step {
  static constexpr int tensors = kTensors;
  static constexpr int scalars = kScalars;

  template <class T>
  static TW_DEVICE double magnitude(double input, double /*result*/, const void* const* /*tensors*/,
                                    const float* /*scalars*/, Point) {
    return input;
  }
};

// The steps, first to last. Chain<> leaves everything as it is.
template <class... Steps>
struct Chain {
  static constexpr int tensors = (0 + ... + Steps::tensors);
  static constexpr int scalars = (0 + ... + Steps::scalars);

  // The run-time arguments of all steps, in the order of the chain. Arrays are never empty.
  struct Args {
    const void* tensor[max(1, tensors)];
    float scalar[max(1, scalars)];
  };
  static_assert(sizeof(Args) == 8 * max(1, tensors) + 8 * ceil_div(max(1, scalars), 2),
                "launchers fill Args by this layout");

  // T is the type in which the tensors are stored, X that in which the chain is computed.
  template <class T, class X>
  static TW_DEVICE X apply(X x, const Args& args, [[maybe_unused]] Point p) {
    [[maybe_unused]] const void* const* tensor = args.tensor;
    [[maybe_unused]] const float* scalar = args.scalar;
    ((x = Steps::template apply<T>(x, tensor, scalar, p), tensor += Steps::tensors,
      scalar += Steps::scalars),
     ...);
    return x;
  }

  // Applies the chain to x and carries the magnitude of x (see Step) along with it.
  template <class T>
  static TW_DEVICE void judge(double& x, double& magnitude, const Args& args,
                              [[maybe_unused]] Point p) {
    [[maybe_unused]] const void* const* tensor = args.tensor;
    [[maybe_unused]] const float* scalar = args.scalar;
    ((x = Steps::template apply<T>(x, tensor, scalar, p),
      magnitude = Steps::template magnitude<T>(magnitude, x, tensor, scalar, p),
      tensor += Steps::tensors, scalar += Steps::scalars),
     ...);
  }
};

}  // namespace tw::epilogue
