// The parser of the expression language. Precedence climbing writes an Expr's program directly.
// Texts come from files of strangers, so length, nesting, program and stack are all bounded.
// Longer than 400 lines: one grammar, read top to bottom.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "core/base/error.h"
#include "core/base/texts.h"
#include "core/expr/expr.h"
#include "core/expr/expr_code.h"
#include "core/expr/expr_lexer.h"
#include "core/text/nearest.h"

namespace tw {
namespace {

using expr_code::Code;

constexpr std::size_t kMaxText = 16 * 1024;  // bytes
constexpr std::size_t kMaxOps = 4096;        // after lets are inserted
constexpr int kMaxNesting = 100;

struct BinaryOperator {
  std::string_view symbol;
  int precedence;
  Code code;
};
constexpr int kOr = 1, kAnd = 2, kEquality = 6, kRelation = 7;
constexpr BinaryOperator kOperators[] = {
    {"||", kOr, expr_code::jump_or},  {"&&", kAnd, expr_code::jump_and},
    {"|", 3, expr_code::bit_or},      {"^", 4, expr_code::bit_xor},
    {"&", 5, expr_code::bit_and},     {"==", kEquality, expr_code::eq},
    {"!=", kEquality, expr_code::ne}, {"<", kRelation, expr_code::lt},
    {"<=", kRelation, expr_code::le}, {">", kRelation, expr_code::gt},
    {">=", kRelation, expr_code::ge}, {"<<", 8, expr_code::shl},
    {">>", 8, expr_code::shr},        {"+", 9, expr_code::add},
    {"-", 9, expr_code::sub},         {"*", 10, expr_code::mul},
    {"/", 10, expr_code::div},        {"%", 10, expr_code::mod},
};

struct Function {
  std::string_view name;
  int least, most;  // number of arguments
  Code code;        // of two arguments; applied from left to right if there are more
};
constexpr int kAny = 1000;
constexpr Function kFunctions[] = {
    {"ceil_div", 2, 2, expr_code::ceil_div},
    {"round_up", 2, 2, expr_code::round_up},
    {"min", 2, kAny, expr_code::min},
    {"max", 2, kAny, expr_code::max},
    {"abs", 1, 1, expr_code::abs},
    {"is_pow2", 1, 1, expr_code::is_pow2},
    {"log2", 1, 1, expr_code::log2},
    {"gcd", 2, kAny, expr_code::gcd},
    {"pow", 2, 2, expr_code::pow},
    {"floor_div", 2, 2, expr_code::floor_div},
    {"floor_mod", 2, 2, expr_code::floor_mod},
};

template <class Table>
auto lookup(const Table& table, std::string_view key,
            std::string_view std::decay_t<decltype(table[0])>::*field) -> decltype(&table[0]) {
  for (const auto& entry : table) {
    if (entry.*field == key) return &entry;
  }
  return nullptr;
}

using Token = ExprToken;

}  // namespace

class ExprParser {
 public:
  ExprParser(std::string_view text, const Names& names, std::span<const Expr::Let> lets)
      : text_(text), lexer_(text), names_(names), lets_(lets) {}

  Expr parse() {
    if (text_.size() > kMaxText) {
      throw Error(fmt::format("an expression of {} characters: at most {} are allowed",
                              text_.size(), kMaxText));
    }
    advance();
    value(ternary());
    if (token_.kind != Token::Kind::end)
      fail(token_, "expected an operator, found " + describe(token_));
    Expr expr;
    expr.text_ = std::string(text_);
    expr.depth_ = max_depth_;
    expr.reads_ = reads();
    emit(expr_code::halt, 0);
    expr.ops_ = std::move(ops_);
    return expr;
  }

 private:
  // The parsed part of one operand. A word ('nt') has no code of its own.
  struct Operand {
    std::size_t begin = 0;  // its first instruction
    Token first;            // where it starts, for messages
    bool is_word = false;
    bool is_truth = false;  // is 0 or 1
    int named_slot = -1;    // the bare name of a choice or knob whose values are words
  };

  [[noreturn]] void fail(const Token& at, const std::string& what) const { lexer_.fail(at, what); }

  void advance() { token_ = lexer_.next(); }

  bool is_symbol(std::string_view symbol) const {
    return token_.kind == Token::Kind::symbol && token_.text == symbol;
  }

  void expect(std::string_view symbol) {
    if (!is_symbol(symbol)) {
      fail(token_, fmt::format("expected '{}', found {}", symbol, describe(token_)));
    }
    advance();
  }

  // --- instructions

  // `depth` is what the instruction adds to the stack.
  void emit(Code code, int depth, std::int32_t target = 0, std::int64_t constant = 0) {
    if (ops_.size() >= kMaxOps) fail(token_, "the expression is too long (with its lets)");
    depth_ += depth;
    max_depth_ = std::max(max_depth_, depth_);
    if (max_depth_ > Expr::kMaxDepth) fail(token_, "the expression is nested too deeply");
    ops_.push_back({code, target, constant});
  }

  // Removes and returns the last instruction if it is the whole operand that begins at `begin` and
  // a binary instruction can carry it.
  std::optional<Expr::Op> take_push(std::size_t begin, bool slots_only = false) {
    if (begin + 1 != ops_.size()) return std::nullopt;
    const Expr::Op last = ops_.back();
    const bool slot = last.code == expr_code::push_slot;
    if (!slot && (slots_only || last.code != expr_code::push_constant)) return std::nullopt;
    ops_.pop_back();
    --depth_;
    return last;
  }

  void emit_binary(Code code, std::size_t left_begin, std::size_t right_begin) {
    const auto form = [code](int f) { return static_cast<Code>(static_cast<int>(code) + f); };
    const std::optional<Expr::Op> right = take_push(right_begin);
    if (!right) return emit(code, -1);
    const bool slot = right->code == expr_code::push_slot;
    if (const std::optional<Expr::Op> left = take_push(left_begin, true)) {
      return emit(form(slot ? expr_code::two_slots : expr_code::slot_and_constant), 1, left->target,
                  slot ? right->target : right->value);
    }
    emit(form(slot ? expr_code::with_slot : expr_code::with_constant), 0, right->target,
         right->value);
  }

  // Makes the jump at `from` go to the next instruction that is emitted.
  void land(std::size_t from) {
    ops_[from].target = static_cast<std::int32_t>(ops_.size() - from - 1);
  }

  std::vector<int> reads() const {
    std::vector<int> slots;
    for (const Expr::Op& op : ops_) {
      if (reads_target(op.code)) slots.push_back(op.target);
      if (reads_value(op.code)) slots.push_back(static_cast<int>(op.value));
    }
    std::sort(slots.begin(), slots.end());
    slots.erase(std::unique(slots.begin(), slots.end()), slots.end());
    return slots;
  }

  // Returns whether the `target` of an instruction is a slot; reads_value is the same for its
  // `value`.
  static bool reads_target(std::int32_t code) {
    switch (code) {
      case expr_code::push_slot:
#define TW_CASE(name)           \
  case expr_code::name##_slot:  \
  case expr_code::name##_slots: \
  case expr_code::name##_slot_constant:
        TW_EXPR_BINARY(TW_CASE)
#undef TW_CASE
        return true;
      default:
        return false;
    }
  }
  static bool reads_value(std::int32_t code) {
    switch (code) {
#define TW_CASE(name) case expr_code::name##_slots:
      TW_EXPR_BINARY(TW_CASE)
#undef TW_CASE
      return true;
      default:
        return false;
    }
  }

  // --- grammar

  Operand value(const Operand& operand) const {
    if (operand.is_word) {
      fail(operand.first, "a string can only be compared, by == or !=, with a choice or a knob");
    }
    return operand;
  }

  Operand ternary() {
    if (++nesting_ > kMaxNesting) fail(token_, "the expression is nested too deeply");
    Operand result = binary(kOr);
    if (is_symbol("?")) {
      value(result);
      advance();
      const std::size_t branch = ops_.size();
      emit(expr_code::jump_if_zero, -1);
      value(ternary());
      expect(":");
      const std::size_t over = ops_.size();
      emit(expr_code::jump, -1);  // only one of the two branches is taken
      land(branch);
      value(ternary());
      land(over);
      result = {.begin = result.begin, .first = result.first};
    }
    --nesting_;
    return result;
  }

  Operand binary(int least_precedence) {
    Operand left = unary();
    while (token_.kind == Token::Kind::symbol) {
      const BinaryOperator* op = lookup(kOperators, token_.text, &BinaryOperator::symbol);
      if (op == nullptr || op->precedence < least_precedence) break;
      advance();
      left = op->precedence <= kAnd ? short_circuit(left, *op) : apply(left, *op);
      if (op->precedence != kRelation || token_.kind != Token::Kind::symbol) continue;
      const BinaryOperator* next = lookup(kOperators, token_.text, &BinaryOperator::symbol);
      if (next != nullptr && next->precedence == kRelation) {
        fail(token_, "comparisons do not chain: write a <= b && b <= c");
      }
    }
    return left;
  }

  Operand short_circuit(const Operand& left, const BinaryOperator& op) {
    value(left);
    const std::size_t jump = ops_.size();
    emit(op.code, -1);
    const Operand right = value(binary(op.precedence + 1));
    if (!right.is_truth) emit(expr_code::truth, 0);
    land(jump);
    // After a jump by && the top of the stack is 0; after a jump by || it is 1.
    return {.begin = left.begin, .first = left.first, .is_truth = true};
  }

  Operand apply(const Operand& left, const BinaryOperator& op) {
    const Operand right = binary(op.precedence + 1);
    if (op.precedence == kEquality && (left.is_word || right.is_word)) {
      compare_word(left, right, op);
    } else {
      value(left);
      value(right);
      emit_binary(op.code, left.begin, right.begin);
    }
    const bool truth = op.precedence == kEquality || op.precedence == kRelation;
    return {.begin = left.begin, .first = left.first, .is_truth = truth};
  }

  void compare_word(const Operand& left, const Operand& right, const BinaryOperator& op) {
    const Operand& word = left.is_word ? left : right;
    const Operand& other = left.is_word ? right : left;
    if (other.named_slot < 0) {
      fail(word.first, fmt::format("'{}' is compared with something that has no named values",
                                   word.first.text));
    }
    const std::vector<std::string>& values = names_.values(other.named_slot);
    const auto at = std::find(values.begin(), values.end(), word.first.text);
    if (at == values.end()) {
      fail(word.first,
           fmt::format("{} has no value '{}'; its values are {}", names_.name(other.named_slot),
                       word.first.text, fmt::join(values, ", ")));
    }
    emit(expr_code::push_constant, 1, 0, at - values.begin());
    emit_binary(op.code, other.begin, ops_.size() - 1);
  }

  Operand unary() {
    const Token first = token_;
    const std::size_t begin = ops_.size();
    const bool negates = is_symbol("-"), inverts = is_symbol("!"), complements = is_symbol("~");
    if (!negates && !inverts && !complements) return primary();
    if (++nesting_ > kMaxNesting) fail(token_, "the expression is nested too deeply");
    advance();
    value(unary());
    emit(negates ? expr_code::neg : inverts ? expr_code::logical_not : expr_code::bit_not, 0);
    --nesting_;
    return {.begin = begin, .first = first, .is_truth = inverts};
  }

  Operand primary() {
    const Token first = token_;
    const std::size_t begin = ops_.size();
    if (is_symbol("(")) {
      advance();
      const Operand inside = ternary();
      expect(")");
      return inside;
    }
    switch (token_.kind) {
      case Token::Kind::word:
        advance();
        return {.begin = begin, .first = first, .is_word = true};
      case Token::Kind::number:
        emit(expr_code::push_constant, 1, 0, token_.value);
        advance();
        return {.begin = begin, .first = first};
      case Token::Kind::name:
        advance();
        return is_symbol("(") ? call(first) : name(first);
      default:
        if (is_symbol("\"")) fail(token_, "strings are written in single quotes: 'nt'");
        fail(token_, "expected a number, a name or '(', found " + describe(token_));
    }
  }

  Operand name(const Token& token) {
    Operand operand{.begin = ops_.size(), .first = token};
    if (token.text == "true" || token.text == "false") {
      emit(expr_code::push_constant, 1, 0, token.text == "true");
      operand.is_truth = true;
    } else if (const auto slot = names_.find(token.text)) {
      emit(expr_code::push_slot, 1, *slot);
      if (!names_.values(*slot).empty()) operand.named_slot = *slot;
    } else {
      const auto let = std::find_if(lets_.begin(), lets_.end(),
                                    [&](const Expr::Let& l) { return l.name == token.text; });
      if (let == lets_.end()) fail_unknown(token);
      put_in(*let->expr, operand);
    }
    return operand;
  }

  // Inserts the program of a let. Jumps are relative, so the program can stand anywhere.
  void put_in(const Expr& expr, Operand& operand) {
    max_depth_ = std::max(max_depth_, depth_ + expr.depth_);
    const int after = depth_ + 1;
    for (const Expr::Op& op : expr.ops_) {
      if (op.code != expr_code::halt) emit(static_cast<Code>(op.code), 0, op.target, op.value);
    }
    depth_ = after;
    const bool bare = expr.ops_.size() == 2 && expr.ops_[0].code == expr_code::push_slot;
    if (bare && !names_.values(expr.ops_[0].target).empty()) {
      operand.named_slot = expr.ops_[0].target;
    }
  }

  [[noreturn]] void fail_unknown(const Token& token) const {
    if (token.text == "not") fail(token, "unknown name 'not': write ! for it");
    if (lookup(kFunctions, token.text, &Function::name)) {
      fail(token, fmt::format("{} is a function: expected '(' after it", token.text));
    }
    std::vector<std::string> known;
    known.reserve(static_cast<std::size_t>(names_.size()) + lets_.size());
    for (int slot = 0; slot < names_.size(); ++slot) known.push_back(names_.name(slot));
    for (const Expr::Let& let : lets_) known.push_back(let.name);
    const std::string all = known.empty() ? "no names are known here"
                                          : fmt::format("known are {}", fmt::join(known, ", "));
    fail(token, fmt::format("unknown name '{}'; {}", token.text.substr(0, 40),
                            did_you_mean(token.text, known, all)));
  }

  Operand call(const Token& token) {
    const Function* function = lookup(kFunctions, token.text, &Function::name);
    if (function == nullptr) {
      std::vector<std::string> known;
      for (const Function& f : kFunctions) known.emplace_back(f.name);
      fail(token, fmt::format("unknown function '{}'; {}", token.text.substr(0, 40),
                              did_you_mean(token.text, known,
                                           fmt::format("there are {}", fmt::join(known, ", ")))));
    }
    const std::size_t begin = ops_.size();
    int count = 0;
    do {
      advance();
      const std::size_t argument = ops_.size();
      value(ternary());
      if (++count >= 2 && count <= function->most) emit_binary(function->code, begin, argument);
    } while (is_symbol(","));
    expect(")");
    if (count < function->least || count > function->most) {
      fail(token, fmt::format("{} takes {}{} argument{}, found {}", token.text,
                              function->most == kAny ? "at least " : "", function->least,
                              function->least == 1 ? "" : "s", count));
    }
    if (function->most == 1) emit(function->code, 0);
    return {.begin = begin, .first = token};
  }

  std::string_view text_;
  ExprLexer lexer_;
  const Names& names_;
  std::span<const Expr::Let> lets_;
  Token token_;  // not consumed yet
  std::vector<Expr::Op> ops_;
  int depth_ = 0, max_depth_ = 0;  // of the stack
  int nesting_ = 0;
};

Expr Expr::parse(std::string_view text, const Names& names, std::span<const Let> lets) {
  return ExprParser(text, names, lets).parse();
}

}  // namespace tw
