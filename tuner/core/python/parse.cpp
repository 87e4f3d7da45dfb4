// Parses Python's expressions by recursive descent, loosest operator first: conditional, or, and,
// not, comparisons, then the operators of numbers by precedence, unary ones, **, atoms.
// Longer than 400 lines: one class with a function for each rule of the grammar.
#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "core/base/error.h"
#include "core/python/digits.h"
#include "core/python/limits.h"
#include "core/python/node.h"

namespace tw::python {
namespace {

using Kind = Node::Kind;

struct Operator {
  std::string_view symbol;
  int precedence;
};
// A symbol stands after the longer ones that begin with it.
constexpr Operator number_operators[] = {{"<<", 4}, {">>", 4}, {"//", 6}, {"|", 1},
                                         {"^", 2},  {"&", 3},  {"+", 5},  {"-", 5},
                                         {"*", 6},  {"/", 6},  {"%", 6}};
constexpr std::string_view comparisons[] = {"==", "!=", "<=", ">=", "<", ">"};

// What people of other languages write, and what Python writes.
struct Foreign {
  std::string_view symbol, remedy;
};
constexpr Foreign foreign_symbols[] = {
    {"&&", "write and for &&"},
    {"||", "write or for ||"},
    {"=", "write == for ="},
    {"!", "write not for !"},
    {"?", "write a if condition else b for condition ? a : b"},
    {",", "write and between conditions, or put a list in [ ]"},
    {".", "attributes and methods are not understood: write an operator or a function"},
};

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Node whole() {
    if (skip_space(); at_ == text_.size()) fail("it is empty: write an expression");
    Node node = conditional();
    if (skip_space(); at_ < text_.size()) fail_here();
    return node;
  }

 private:
  // Counts nested calls of the parser.
  class Nesting {
   public:
    explicit Nesting(Parser& parser) : parser_(parser) {
      if (++parser.depth_ > most_nested) {
        parser.fail("this is nested too deeply: write it with fewer parentheses");
      }
    }
    ~Nesting() { --parser_.depth_; }
    Nesting(const Nesting&) = delete;
    Nesting& operator=(const Nesting&) = delete;

   private:
    Parser& parser_;
  };

  [[noreturn]] void fail(std::string_view what) const { Place{text_, at_ + 1}.fail(what); }
  [[noreturn]] void fail_here() const {
    for (const Foreign& foreign : foreign_symbols) {
      if (text_.substr(at_).starts_with(foreign.symbol)) fail(foreign.remedy);
    }
    fail("this is not understood here: expected an operator");
  }

  void skip_space() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  static bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)) != 0; }
  static bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_'; }
  char peek(std::size_t ahead = 0) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }

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

  Node node(Kind kind, std::size_t begin, std::string word, std::vector<Node> children) {
    const bool is_operator = kind == Kind::binary || kind == Kind::compare;
    if (is_operator && ++operators_ > most_operators) {
      fail(fmt::format("this has more than {} operators: split it", most_operators));
    }
    Node made;
    made.kind = kind;
    made.column = begin + 1;
    made.word = std::move(word);
    made.children = std::move(children);
    return made;
  }
  Node binary(std::string_view op, std::size_t begin, Node left, Node right) {
    std::vector<Node> both;
    both.push_back(std::move(left));
    both.push_back(std::move(right));
    return node(Kind::binary, begin, std::string(op), std::move(both));
  }
  Node unary(std::string_view op, std::size_t begin, Node operand) {
    std::vector<Node> only;
    only.push_back(std::move(operand));
    return node(Kind::unary, begin, std::string(op), std::move(only));
  }

  Node conditional() {
    const Nesting nesting(*this);
    Node yes = disjunction();
    const std::size_t begin = at_;
    if (!accept("if")) return yes;
    std::vector<Node> parts;
    parts.push_back(disjunction());
    expect("else");
    parts.push_back(std::move(yes));
    parts.push_back(conditional());
    return node(Kind::conditional, begin, "", std::move(parts));
  }
  Node disjunction() {
    Node left = conjunction();
    for (std::size_t begin = at_; accept("or"); begin = at_) {
      left = binary("or", begin, std::move(left), conjunction());
    }
    return left;
  }
  Node conjunction() {
    Node left = negation();
    for (std::size_t begin = at_; accept("and"); begin = at_) {
      left = binary("and", begin, std::move(left), negation());
    }
    return left;
  }
  Node negation() {
    skip_space();
    const std::size_t begin = at_;
    if (!accept("not")) return comparison();
    const Nesting nesting(*this);
    return unary("not", begin, negation());
  }

  std::string comparison_operator() {
    for (const std::string_view symbol : comparisons) {
      if (accept(symbol)) return std::string(symbol);
    }
    if (accept("in")) return "in";
    if (accept("is")) return accept("not") ? "is not" : "is";
    if (!accept("not")) return "";
    expect("in");
    return "not in";
  }
  Node comparison() {
    Node first = arithmetic(0);
    skip_space();
    const std::size_t begin = at_;
    std::string op = comparison_operator();
    if (op.empty()) return first;
    Node compare = node(Kind::compare, begin, "", {});
    compare.children.push_back(std::move(first));
    for (; !op.empty(); op = comparison_operator()) {
      if (compare.words.size() == most_operators) fail("this compares too many numbers: split it");
      compare.words.push_back(std::move(op));
      compare.children.push_back(arithmetic(0));
    }
    return compare;
  }

  // Accepts an operator of at least this precedence.
  const Operator* number_operator(int least) {
    skip_space();
    const std::string_view rest = text_.substr(at_);
    if (rest.starts_with("&&") || rest.starts_with("||")) fail_here();
    for (const Operator& op : number_operators) {
      if (!rest.starts_with(op.symbol)) continue;
      if (op.precedence < least) return nullptr;
      at_ += op.symbol.size();
      return &op;
    }
    return nullptr;
  }
  Node arithmetic(int least) {
    Node left = factor();
    while (true) {
      skip_space();
      const std::size_t begin = at_;
      const Operator* op = number_operator(least);
      if (op == nullptr) return left;
      left = binary(op->symbol, begin, std::move(left), arithmetic(op->precedence + 1));
    }
  }
  Node factor() {
    skip_space();
    const std::size_t begin = at_;
    for (const std::string_view sign : {"-", "+", "~"}) {
      if (!accept(sign)) continue;
      const Nesting nesting(*this);
      return unary(sign, begin, factor());
    }
    Node base = subscripts(atom());
    skip_space();
    const std::size_t power = at_;
    if (!accept("**")) return base;
    const Nesting nesting(*this);
    return binary("**", power, std::move(base), factor());
  }

  // Parses the subscripts behind a value.
  Node subscripts(Node base) {
    while (true) {
      skip_space();
      const std::size_t begin = at_;
      if (peek() != '[') return base;
      const Nesting nesting(*this);
      accept("[");
      Node index = conditional();
      skip_space();
      if (peek() == ':') fail("slices are not understood: write the values");
      expect("]");
      base = node(Kind::subscript, begin, "", {std::move(base), std::move(index)});
    }
  }

  Node atom() {
    skip_space();
    if (at_ == text_.size()) fail("it ends too early: a value is missing");
    const std::size_t begin = at_;
    const char c = peek();
    if (accept("(")) return parentheses(begin);
    if (accept("[")) return items(begin, "]", Kind::list);
    if (accept("{")) {
      Node set = items(begin, "}", Kind::list);
      if (set.children.empty()) Place{text_, begin + 1}.fail("a dict is not understood: use [ ]");
      set.is_set = true;
      return set;
    }
    if (c == '"' || c == '\'') return quoted(c);
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
    if (is_word(c)) return word();
    if (c == '!' || text_.substr(at_).starts_with("&&")) fail_here();
    fail("this is not understood here: expected a value");
  }

  Node parentheses(std::size_t begin) {
    Node tuple = items(begin, ")", Kind::tuple);
    const bool is_one = tuple.kind == Kind::tuple && tuple.children.size() == 1 && !ended_in_comma_;
    if (!is_one) return tuple;
    Node only = std::move(tuple.children.front());
    return only;
  }

  // Parses what stands between brackets: values, or a comprehension.
  Node items(std::size_t begin, std::string_view end, Kind kind) {
    Node made = node(kind, begin, "", {});
    while (!accept(end)) {
      if (made.children.size() == most_items) {
        fail(fmt::format("this has more than {} values: write fewer", most_items));
      }
      made.children.push_back(conditional());
      if (made.children.size() == 1 && accept("for")) {
        made.kind = Kind::comprehension;
        do made.children.push_back(clause());
        while (accept("for"));
        expect(end);
        return made;
      }
      if (accept(",")) {
        if (!accept(end)) continue;
        ended_in_comma_ = true;
        return made;
      }
      if (peek() == '=' && peek(1) != '=' && kind == Kind::call) {
        fail("arguments with a name are not understood: write the values alone");
      }
      if (!accept(end)) fail_in_items(end);
      break;
    }
    ended_in_comma_ = false;
    return made;
  }
  [[noreturn]] void fail_in_items(std::string_view end) {
    for (const Foreign& foreign : foreign_symbols) {
      if (foreign.symbol != "," && text_.substr(at_).starts_with(foreign.symbol)) fail_here();
    }
    fail(fmt::format("expected '{}'", end));
  }

  // Parses "a, b in [...] if ...", which stands after "for".
  Node clause() {
    skip_space();
    Node made = node(Kind::clause, at_, "", {});
    const bool has_parentheses = accept("(");
    do {
      const Node variable = word();
      if (variable.kind != Kind::name) fail("expected the name of a variable");
      made.words.push_back(variable.word);
    } while (accept(","));
    if (has_parentheses) expect(")");
    expect("in");
    made.children.push_back(disjunction());
    while (accept("if")) made.children.push_back(disjunction());
    return made;
  }

  Node quoted(char quote) {
    const std::size_t begin = at_, end = text_.find(quote, at_ + 1);
    if (end == text_.npos) fail(fmt::format("the text has no end: add {}", quote));
    Node made = node(Kind::text, begin, std::string(text_.substr(at_ + 1, end - at_ - 1)), {});
    if (made.word.find('\\') != made.word.npos) {
      fail("escapes are not understood: write the characters themselves");
    }
    at_ = end + 1;
    if (skip_space(); peek() == '"' || peek() == '\'') {
      fail("a text stands behind a text: write one, or an operator between them");
    }
    return made;
  }

  Node number() {
    Node made = node(Kind::number, at_, "", {});
    at_ = read_number(text_, at_, made);
    return made;
  }

  Node word() {
    skip_space();
    const std::size_t begin = at_;
    while (is_word(peek())) ++at_;
    Node made = node(Kind::name, begin, std::string(text_.substr(begin, at_ - begin)), {});
    refuse_keyword(made);
    if (made.word == "True" || made.word == "False") {
      made.kind = Kind::number;
      made.value = made.word == "True";
      made.is_bool = true;
    } else if (made.word == "None") {
      made.kind = Kind::none;
    } else if (peek() == '"' || peek() == '\'') {
      Place{text_, begin + 1}.fail("only plain texts are understood: remove what stands before it");
    } else {
      call(made, begin);
    }
    return made;
  }

  void refuse_keyword(const Node& name) const {
    const Place place{text_, name.column};
    if (name.word == "lambda") {
      place.fail(
          "a lambda is not understood: write what stands behind its colon, and A for p['A']");
    }
    constexpr std::string_view keywords[] = {"",   "if",  "else", "for",   "in",    "is",   "and",
                                             "or", "not", "def",  "await", "async", "yield"};
    if (std::find(std::begin(keywords), std::end(keywords), name.word) != std::end(keywords)) {
      place.fail("this is not understood here: expected a value");
    }
  }

  // Makes a call of a name that has an opening parenthesis behind it.
  void call(Node& made, std::size_t begin) {
    while (peek() == '.' && is_word(peek(1)) && !is_digit(peek(1))) {
      made.word += text_[at_++];
      while (is_word(peek())) made.word += text_[at_++];
    }
    if (accept("(")) {
      Node arguments = items(begin, ")", Kind::call);
      if (arguments.kind == Kind::comprehension) {
        made.children.push_back(std::move(arguments));
      } else {
        made.children = std::move(arguments.children);
      }
      made.kind = Kind::call;
    } else if (made.word.find('.') != made.word.npos) {
      Place{text_, begin + 1}.fail(
          "attributes are not understood: write the name of a parameter, or a number");
    }
  }

  std::string_view text_;
  std::size_t at_ = 0;
  int depth_ = 0;
  std::size_t operators_ = 0;
  bool ended_in_comma_ = false;  // of the items that were read last
};

}  // namespace

void Place::fail(std::string_view what) const {
  constexpr std::size_t shown = 120;
  throw Error(fmt::format("'{}{}', column {}: {}", text.substr(0, shown),
                          text.size() > shown ? "..." : "", column, what));
}

void Place::make(std::size_t bytes) {
  bytes_made += bytes;
  if (bytes > most_text || bytes_made > most_text_of_all) {
    fail("this is too long as an expression of ours: split the condition");
  }
}

Node parse(std::string_view text) { return Parser(text).whole(); }

}  // namespace tw::python
