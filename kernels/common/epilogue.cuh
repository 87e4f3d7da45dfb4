// The epilogue: a chain of steps that is applied in order to each element of a result before the
// element is stored.
//
// A step is one struct: the tensors and scalars that it takes at run time, and `apply`. The steps
// are in epilogue_steps.cuh, which only programs with a chain include: adding a step does not
// invalidate measurements that have no epilogue.
#pragma once

#include "common/config.cuh"

namespace tw::epilogue {

// The place of an element in the output. `offset` is in elements, from the output's first element.
struct Point {
  int row;
  int column;
  long long offset;
};

// The base of the steps. `rounds` says whether `apply` rounds its result. A step that only selects
// does not round.
template <int kTensors, int kScalars, bool kRounds = true>
struct Step {
  static constexpr int tensors = kTensors;
  static constexpr int scalars = kScalars;
  static constexpr bool rounds = kRounds;
};

// The steps, first to last. Chain<> returns every element unchanged.
template <class... Steps>
struct Chain {
  static constexpr int tensors = (0 + ... + Steps::tensors);
  static constexpr int scalars = (0 + ... + Steps::scalars);

  // The run-time arguments of all steps, in the order of the chain. The arrays are never empty.
  struct Args {
    const void* tensor[max(1, tensors)];
    float scalar[max(1, scalars)];
  };
  static_assert(sizeof(Args) == 8 * max(1, tensors) + 8 * ceil_div(max(1, scalars), 2),
                "launchers fill Args by this layout");

  // Applies the chain. T is the type in which the tensors are stored, X the type in which the chain
  // is computed.
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
