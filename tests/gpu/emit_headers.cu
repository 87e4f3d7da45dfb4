// Three tunings of one op in one translation unit, all header-only, in a program that links another
// copy of the first one.
#include "defaults/blend.cuh"
#include "emit_program.h"
#include "other/blend.cuh"
#include "tuned/blend.cuh"

namespace emit_program {

bool all_tunings_are_right() {
  const Operands operands(5, 67, 70, tuned::blend::Order::plain, 0.5f, 1);
  tuned::blend::Args ours;
  other::blend::Args theirs;
  defaults::blend::Args untuned;
  operands.fill(ours);
  operands.fill(theirs);
  operands.fill(untuned);
  operands.poison();
  EXPECT_OK(tuned::blend::launch(ours, nullptr, nullptr));
  if (!operands.is_right()) return false;
  operands.poison();
  EXPECT_OK(other::blend::launch(theirs, nullptr, nullptr));
  if (!operands.is_right()) return false;
  operands.poison();
  EXPECT(defaults::blend::select(untuned).match == defaults::blend::Match::fallback);
  EXPECT_OK(defaults::blend::launch(untuned, nullptr, nullptr));
  return operands.is_right();
}

}  // namespace emit_program
