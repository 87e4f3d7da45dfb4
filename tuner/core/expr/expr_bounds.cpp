// Bounds the value of an expression whose names have intervals of values.
#include <array>

#include "core/expr/expr.h"
#include "core/expr/expr_code.h"

namespace tw {
namespace {

// Runs the program on intervals instead of numbers. Both branches of a jump are run unless the
// condition decides.
class Bounder {
 public:
  Bounder(std::span<const Expr::Op> ops, std::span<const Bounds> slots)
      : ops_(ops), slots_(slots) {}

  // Returns the bounds of the value that ops[begin, end) leave.
  Bounds bound(std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      const Expr::Op& op = ops_[i];
      const std::size_t target = i + 1 + static_cast<std::size_t>(op.target);
      switch (op.code) {
        case expr_code::push_slot:
          push(slot(op.target));
          break;
        case expr_code::push_constant:
          push(Bounds::only(op.value));
          break;
        case expr_code::jump_and:
          push(logical_and(pop(), i + 1, target));
          i = target - 1;
          break;
        case expr_code::jump_or:
          push(logical_or(pop(), i + 1, target));
          i = target - 1;
          break;
        case expr_code::jump_if_zero: {  // the condition, then: yes, jump over no, no
          const std::size_t over = target - 1;
          const std::size_t last = target + static_cast<std::size_t>(ops_[over].target);
          push(select(pop(), {i + 1, over}, {target, last}));
          i = last - 1;
          break;
        }
        case expr_code::truth:
          push(interval::truth(pop()));
          break;
        case expr_code::halt:
          break;
        default:
          function(op);
      }
    }
    return pop();
  }

 private:
  struct Part {
    std::size_t begin, end;
  };

  Bounds slot(std::int64_t index) const { return slots_[static_cast<std::size_t>(index)]; }
  void push(Bounds value) { stack_[depth_++] = value; }
  Bounds pop() { return stack_[--depth_]; }

  Bounds logical_and(Bounds left, std::size_t begin, std::size_t end) {
    if (!left.may_hold()) return left;
    const Bounds right = interval::truth(bound(begin, end));
    return left.has(0) ? interval::join(Bounds::only(0), right) : right;
  }

  Bounds logical_or(Bounds left, std::size_t begin, std::size_t end) {
    if (left.is_empty()) return left;
    if (!left.has(0)) return Bounds::only(1);
    const Bounds right = interval::truth(bound(begin, end));
    return left.may_hold() ? interval::join(Bounds::only(1), right) : right;
  }

  Bounds select(Bounds condition, Part yes, Part no) {
    Bounds result = Bounds::none();
    if (condition.may_hold()) result = bound(yes.begin, yes.end);
    if (condition.has(0)) result = interval::join(result, bound(no.begin, no.end));
    return result;
  }

  void function(const Expr::Op& op) {
    switch (op.code) {
#define TW_CASE(name)            \
  case expr_code::name:          \
    push(interval::name(pop())); \
    break;
      TW_EXPR_UNARY(TW_CASE)
#undef TW_CASE
#define TW_CASE(name)                                              \
  case expr_code::name: {                                          \
    const Bounds right = pop();                                    \
    push(interval::name(pop(), right));                            \
    break;                                                         \
  }                                                                \
  case expr_code::name##_slot:                                     \
    push(interval::name(pop(), slot(op.target)));                  \
    break;                                                         \
  case expr_code::name##_constant:                                 \
    push(interval::name(pop(), Bounds::only(op.value)));           \
    break;                                                         \
  case expr_code::name##_slots:                                    \
    push(interval::name(slot(op.target), slot(op.value)));         \
    break;                                                         \
  case expr_code::name##_slot_constant:                            \
    push(interval::name(slot(op.target), Bounds::only(op.value))); \
    break;
      TW_EXPR_BINARY(TW_CASE)
#undef TW_CASE
      default:
        push({});  // unreachable: the parser writes no other code
    }
  }

  std::span<const Expr::Op> ops_;
  std::span<const Bounds> slots_;
  std::array<Bounds, Expr::kMaxDepth> stack_;
  std::size_t depth_ = 0;
};

}  // namespace

Bounds Expr::bounds(std::span<const Bounds> slots) const {
  return ops_.empty() ? Bounds::none() : Bounder(ops_, slots).bound(0, ops_.size());
}

}  // namespace tw
