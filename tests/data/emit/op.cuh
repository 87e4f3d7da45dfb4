// The words of the test op.
#pragma once
#include "common/config.cuh"
#include "common/epilogue.cuh"

namespace tw::blend {

enum class Order { plain, flipped };
struct Choices {
  Order order;
};

// "tw::" in a string, and the digits of 1'000, stay as they are.
constexpr const char* name = "tw::blend";
constexpr int thousand = 1'000;

}  // namespace tw::blend
