// The words of the op.
#pragma once

namespace tw::softmax {

enum class Operation { softmax, log_softmax };

struct Choices {
  Operation operation;
};

}  // namespace tw::softmax
