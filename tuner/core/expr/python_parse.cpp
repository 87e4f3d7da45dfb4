// Parses Python's expressions by recursive descent, loosest operator first: or, and, not,
// comparisons, + -, * / // %, unary + -, **, atoms.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <span>

#include "core/base/error.h"
#include "core/expr/python_expr.h"

namespace tw {
namespace {

using Kind = PythonNode::Kind;
constexpr int most_nested = 100;
constexpr int most_operators = 500;  // operators of one precedence nest, too

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  PythonNode whole() {
    PythonNode node = disjunction();
    if (skip_space(); at_ < text_.size()) fail("this is not understood here");
    return node;
  }

 private:
  [[noreturn]] void fail(std::string_view what) const {
    constexpr std::size_t shown = 120;
    throw Error(fmt::format("'{}{}', column {}: {}", text_.substr(0, shown),
                            text_.size() > shown ? "..." : "", at_ + 1, what));
  }
  void skip_space() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  static bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }

  bool accept(std::string_view symbol) {
    skip_space();
    if (!text_.substr(at_).starts_with(symbol)) return false;
    const std::size_t end = at_ + symbol.size();
    if (is_word(symbol.front()) && end < text_.size() && is_word(text_[end])) return false;
    at_ = end;
    return true;
  }
  void expect(std::string_view symbol) {
    if (!accept(symbol)) fail(fmt::format("expected '{}'", symbol));
  }
  // Accepts the first of the symbols that comes next. List a symbol after the longer ones that
  // begin with it.
  std::string accept_any(std::span<const std::string_view> symbols) {
    for (const std::string_view symbol : symbols) {
      if (accept(symbol)) return std::string(symbol);
    }
    return "";
  }

  static PythonNode node(Kind kind, std::string word, std::vector<PythonNode> children) {
    PythonNode made;
    made.kind = kind;
    made.word = std::move(word);
    made.children = std::move(children);
    return made;
  }
  PythonNode binary(std::string op, PythonNode left, PythonNode right) {
    if (++operators_ > most_operators) fail("this has more than 500 operators");
    std::vector<PythonNode> children;
    children.push_back(std::move(left));
    children.push_back(std::move(right));
    return node(Kind::binary, std::move(op), std::move(children));
  }

  PythonNode disjunction() {
    if (++depth_ > most_nested) fail("this is nested too deeply");
    PythonNode left = conjunction();
    while (accept("or")) left = binary("or", std::move(left), conjunction());
    --depth_;
    return left;
  }
  PythonNode conjunction() {
    PythonNode left = negation();
    while (accept("and")) left = binary("and", std::move(left), negation());
    return left;
  }
  PythonNode negation() {
    if (!accept("not")) return comparison();
    if (++depth_ > most_nested) fail("this is nested too deeply");
    PythonNode made = node(Kind::unary, "not", {negation()});
    --depth_;
    return made;
  }
  PythonNode comparison() {
    constexpr std::array<std::string_view, 7> symbols{"==", "!=", "<=", ">=", "<", ">", "in"};
    PythonNode compare = node(Kind::compare, "", {sum()});
    while (true) {
      std::string symbol = accept_any(symbols);
      if (symbol.empty() && accept("not")) {
        expect("in");
        symbol = "not in";
      }
      if (symbol.empty()) break;
      compare.comparisons.push_back(std::move(symbol));
      compare.children.push_back(sum());
    }
    if (!compare.comparisons.empty()) return compare;
    PythonNode only = std::move(compare.children.front());
    return only;
  }
  PythonNode sum() {
    constexpr std::array<std::string_view, 2> symbols{"+", "-"};
    PythonNode left = product();
    for (auto op = accept_any(symbols); !op.empty(); op = accept_any(symbols)) {
      left = binary(op, std::move(left), product());
    }
    return left;
  }
  PythonNode product() {
    constexpr std::array<std::string_view, 4> symbols{"//", "*", "/", "%"};
    PythonNode left = factor();
    while (true) {
      const std::string op = accept_any(symbols);
      if (op.empty()) return left;
      left = binary(op, std::move(left), factor());
    }
  }
  PythonNode factor() {
    bool is_negative = false;
    for (skip_space(); at_ < text_.size() && (text_[at_] == '-' || text_[at_] == '+');
         skip_space()) {
      is_negative ^= text_[at_++] == '-';
    }
    PythonNode base = atom();
    if (accept("**")) {
      if (++depth_ > most_nested) fail("this is nested too deeply");
      base = binary("**", std::move(base), factor());
      --depth_;
    }
    return is_negative ? node(Kind::unary, "-", {std::move(base)}) : base;
  }

  PythonNode atom() {
    skip_space();
    if (at_ == text_.size()) fail("it ends too early");
    const char c = text_[at_];
    if (accept("(")) {
      PythonNode inner = disjunction();
      expect(")");
      return inner;
    }
    if (accept("[")) return list();
    if (c == '"' || c == '\'') return quoted(c);
    if (std::isdigit(static_cast<unsigned char>(c))) return number();
    if (is_word(c)) return word();
    fail("this is not understood here");
  }

  PythonNode list() {
    PythonNode made = node(Kind::list, "", {});
    if (accept("]")) return made;
    made.children.push_back(disjunction());
    if (accept("for")) {
      PythonNode variable = word();
      if (variable.kind != Kind::name) fail("expected the name of a variable");
      expect("in");
      made.kind = Kind::comprehension;
      made.word = variable.word;
      made.children.push_back(disjunction());
      expect("]");
      return made;
    }
    while (accept(",")) {
      if (accept("]")) return made;
      if (made.children.size() == most_items) fail("this has more than 65536 values");
      made.children.push_back(disjunction());
    }
    expect("]");
    return made;
  }

  PythonNode quoted(char quote) {
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == text_.npos) fail("the text has no end");
    PythonNode made = node(Kind::text, std::string(text_.substr(at_ + 1, end - at_ - 1)), {});
    if (made.word.find('\\') != made.word.npos) fail("escapes are not understood");
    at_ = end + 1;
    return made;
  }

  PythonNode number() {
    PythonNode made;
    const char* begin = text_.data() + at_;
    const auto [end, error] = std::from_chars(begin, text_.data() + text_.size(), made.value);
    if (error != std::errc{}) fail("the number is too large");
    const std::size_t next = at_ + static_cast<std::size_t>(end - begin);
    if (next < text_.size() && (text_[next] == '.' || is_word(text_[next]))) {
      fail("only whole numbers are understood");
    }
    at_ = next;
    return made;
  }

  PythonNode word() {
    skip_space();
    const std::size_t begin = at_;
    while (at_ < text_.size() && is_word(text_[at_])) ++at_;
    const std::string name(text_.substr(begin, at_ - begin));
    PythonNode made = node(Kind::name, name, {});
    if (name == "True" || name == "False") {
      made.kind = Kind::integer;
      made.value = name == "True";
      made.is_bool = true;
    } else if (name == "range") {
      made.kind = Kind::range;
      expect("(");
      do made.children.push_back(disjunction());
      while (accept(","));
      expect(")");
      if (made.children.size() > 3) fail("range takes one to three numbers");
    } else if (name == "list" && accept("(")) {  // of a list or a range: the same values
      made = disjunction();
      expect(")");
    } else if (skip_space(); at_ < text_.size() && (text_[at_] == '(' || text_[at_] == '.')) {
      fail("only range(...) and list(...) are understood, no other function");
    } else if (name == "lambda" || name == "if" || name == "else" || name.empty()) {
      fail("this is not understood here");
    }
    return made;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0, operators_ = 0;
};

}  // namespace

PythonNode parse_python(std::string_view text) { return Parser(text).whole(); }

}  // namespace tw
