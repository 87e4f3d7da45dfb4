// The instructions of an Expr's program. The parser writes them (expr_parse.cpp), and expr.cpp runs
// and prints them. Private to these two files.
#pragma once
#include <cstdint>

// The functions of checked.h that are instructions, listed once for all three uses.
// clang-format off
#define TW_EXPR_UNARY(X) X(neg) X(bit_not) X(logical_not) X(abs) X(is_pow2) X(log2)
#define TW_EXPR_BINARY(X)                                   \
  X(add) X(sub) X(mul) X(div) X(mod) X(shl) X(shr)          \
  X(lt) X(le) X(gt) X(ge) X(eq) X(ne)                       \
  X(bit_and) X(bit_xor) X(bit_or)                           \
  X(ceil_div) X(round_up) X(min) X(max)                     \
  X(floor_div) X(floor_mod) X(gcd) X(pow)
// clang-format on

namespace tw::expr_code {

// The instructions of a stack machine. `target` of Expr::Op is a slot; for jumps it is the number
// of instructions to skip.
enum Code : std::int32_t {
  halt,  // the last instruction: the value is on the stack
  push_slot,
  push_constant,
  jump,          // always
  jump_if_zero,  // ?: pops the condition; if it is 0, jumps
  jump_and,      // &&: if the top is 0, jumps and leaves it; else pops it
  jump_or,       // ||: if the top is not 0, makes it 1 and jumps; else pops it
  truth,         // ends the right side of && and ||: makes the top 0 or 1
#define TW_CODE(name) name,
  TW_EXPR_UNARY(TW_CODE)
#undef TW_CODE
// Most operands are names and literals. Binary instructions that carry such operands, instead of
// taking them from the stack, make programs shorter by a third or more. The order is that of Form:
#define TW_CODE(name) name, name##_slot, name##_constant, name##_slots, name##_slot_constant,
      TW_EXPR_BINARY(TW_CODE)
#undef TW_CODE
};

// The places of the operands of a binary instruction. Form is added to the code of the first form.
enum Form : std::int32_t {
  stacked,            // both on the stack
  with_slot,          // left on the stack, right in slot `target`
  with_constant,      // left on the stack, right is `value`
  two_slots,          // left in slot `target`, right in slot `value`
  slot_and_constant,  // left in slot `target`, right is `value`
};

}  // namespace tw::expr_code
