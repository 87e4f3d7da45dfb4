// Compiled as C++17: the emitted choice of a branch, for emit_select_test.cpp to compare with.
#include "selected.h"

static_assert(__cplusplus < 202002L, "this file is here to be C++17");

int branch_chosen_in_17(const selected::Query& query, const selected::Device& device) {
  return selected::choose(query, device).branch;
}
