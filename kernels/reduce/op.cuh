// The words of the op: the operations over the elements of an axis.
#pragma once

namespace tw::reduce {

enum class Operation { sum, mean, max, min, logsumexp };

struct Choices {
  Operation operation;
};

}  // namespace tw::reduce
