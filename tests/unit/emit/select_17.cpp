// The emitted choice of a branch, compiled as C++17, for comparison in emit_select_test.cpp.
#include "selected.h"

static_assert(__cplusplus < 202002L, "this file is here to be C++17");

int branch_chosen_in_17(const selected::Query& query, const selected::Device& device) {
  return selected_dispatch::choose_branch<selected::Selector>(query, device).branch;
}
