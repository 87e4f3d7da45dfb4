// What is done to each element of a result before it is stored: a chain of steps, applied in order.
//
// A step is one struct: the tensors and scalars that it takes at run time, and `apply`. The steps
// are in epilogue_steps.cuh, which only programs with a chain include: adding a step does not
// invalidate measurements that have no epilogue.
#pragma once

#include "common/config.cuh"

namespace tw::epilogue {

// Where the element is in the output. offset: in elements, from the output's first.
struct Point {
  int row;
  int column;
  long long offset;
};

// The base of the steps. `rounds`: apply rounds its result. A step that only selects does not.
template <int kTensors, int kScalars, bool kRounds = true>
struct Step {
  static constexpr int tensors = kTensors;
  static constexpr int scalars = kScalars;
  static constexpr bool rounds = kRounds;
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
};

}  // namespace tw::epilogue
