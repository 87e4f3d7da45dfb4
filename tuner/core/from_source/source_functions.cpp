#include "core/from_source/source_functions.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstddef>

#include "core/from_source/c_types.h"
#include "core/spec/directives.h"
#include "core/spec/sources.h"

namespace tw {
namespace {

using Tokens = std::vector<std::string>;

// Returns words ("a::b" is one) and single marks.
Tokens tokens_of(std::string_view code) {
  Tokens tokens;
  for (std::size_t i = 0; i < code.size();) {
    const std::size_t begin = i;
    while (i < code.size() && (is_word(code[i]) || code.substr(i, 2) == "::")) {
      i += is_word(code[i]) ? 1 : 2;
    }
    if (i == begin) ++i;
    if (std::isspace(static_cast<unsigned char>(code[begin])) == 0) {
      tokens.emplace_back(code.substr(begin, i - begin));
    }
  }
  return tokens;
}

// Returns the parts of a list that commas separate, brackets of all kinds respected.
std::vector<Tokens> parts_of(const Tokens& list) {
  std::vector<Tokens> parts(1);
  int depth = 0;
  for (const std::string& token : list) {
    if (token == "(" || token == "[" || token == "{" || token == "<") ++depth;
    if (token == ")" || token == "]" || token == "}" || token == ">") --depth;
    if (token == "," && depth == 0) {
      parts.emplace_back();
    } else {
      parts.back().push_back(token);
    }
  }
  if (parts.size() == 1 && parts.front().empty()) parts.clear();
  return parts;
}

// Returns "const float*" for the tokens const, float and *.
std::string joined(const Tokens& tokens) {
  std::string text;
  for (const std::string& token : tokens) {
    const bool follows_word = !text.empty() && (is_word(text.back()) || text.back() == '*');
    if (follows_word && is_word(token.front())) text += ' ';
    text += token;
  }
  return text;
}

Tokens unqualified(const Tokens& tokens) {
  constexpr std::array<std::string_view, 7> qualifiers{
      "const", "volatile", "__restrict__", "__restrict", "restrict", "struct", "__grid_constant__"};
  Tokens type;
  for (const std::string& token : tokens) {
    const bool counts = std::find(qualifiers.begin(), qualifiers.end(), token) == qualifiers.end();
    if (counts) type.push_back(token);
  }
  return type;
}

bool is_unnamed(const Tokens& tokens) {
  const Tokens type = unqualified(tokens);
  return type.size() == 1 || c_type(joined(type)).has_value();
}

// Removes attributes: [[maybe_unused]].
Tokens without_attributes(const Tokens& tokens) {
  Tokens rest;
  int depth = 0;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const bool is_pair = i + 1 < tokens.size() && tokens[i] == tokens[i + 1];
    if (is_pair && tokens[i] == "[") ++depth;
    if (depth == 0) rest.push_back(tokens[i]);
    if (is_pair && tokens[i] == "]" && depth > 0) {
      --depth;
      ++i;
    }
  }
  return rest;
}

// Splits the declaration of a parameter into its type and its name.
SourceParameter parameter_of(Tokens tokens) {
  tokens = without_attributes(tokens);
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i] == "=") tokens.resize(i);
  }
  std::string brackets;
  while (!tokens.empty() && tokens.back() == "]") {  // float x[] is a pointer
    while (!tokens.empty() && tokens.back() != "[") tokens.pop_back();
    if (!tokens.empty()) tokens.pop_back();
    brackets = "*";
  }
  SourceParameter parameter;
  const bool has_name = tokens.size() > 1 && is_word(tokens.back().front()) &&
                        tokens.back() != "const" && !tokens.back().starts_with("__") &&
                        !is_unnamed(tokens);
  if (has_name) {
    parameter.name = tokens.back();
    tokens.pop_back();
  }
  parameter.type = joined(tokens) + brackets;
  return parameter;
}

std::string name_of_template_parameter(Tokens tokens) {
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i] == "=") tokens.resize(i);
  }
  return tokens.size() > 1 && is_word(tokens.back().front()) ? tokens.back() : "";
}

class Scanner {
 public:
  explicit Scanner(std::string_view source) : tokens_(tokens_of(plain_code(source))) {}

  std::vector<SourceFunction> run() {
    while (at_ < tokens_.size()) step();
    return std::move(functions_);
  }

 private:
  // A pair of braces, and the namespace that it opens; empty if it opens none.
  struct Brace {
    std::string space;
  };

  bool is(std::string_view token) const { return at_ < tokens_.size() && tokens_[at_] == token; }

  void step() {
    const std::string& token = tokens_[at_];
    if (token == "namespace") {
      read_namespace();
    } else if (token == "template") {
      read_template();
    } else if (token == "__global__") {
      read_function();
    } else {
      if (token == "{") braces_.push_back({});
      if (token == "}" && !braces_.empty()) braces_.pop_back();
      if (token == ";" || token == "{" || token == "}") forget_template();
      ++at_;
    }
  }

  void read_namespace() {
    std::string name;
    for (++at_; at_ < tokens_.size() && is_word(tokens_[at_].front()); ++at_) name = tokens_[at_];
    if (!is("{")) return;  // an alias, or a using directive
    braces_.push_back({name});
    ++at_;
  }

  void read_template() {
    ++at_;
    forget_template();
    if (!is("<")) return;  // an explicit instantiation
    const std::vector<Tokens> parts = parts_of(group("<", ">"));
    pending_.is_template = !parts.empty();
    for (const Tokens& part : parts) {
      pending_.template_parameters.push_back(name_of_template_parameter(part));
    }
  }

  void read_function() {
    SourceFunction function = pending_;
    std::string name;
    for (++at_; at_ < tokens_.size(); ++at_) {
      const std::string& token = tokens_[at_];
      if (token == ";" || token == "{" || token == "}") return;
      if (token == "<") {  // an instance or a specialisation
        group("<", ">");
        --at_;
        name.clear();
      } else if (token == "(") {
        const Tokens list = group("(", ")");
        --at_;
        if (name.starts_with("__")) continue;  // __launch_bounds__(256)
        if (!name.empty()) add(std::move(function), name, list);
        ++at_;
        return;
      } else if (is_word(token.front()) || token.starts_with("::")) {
        name = token;
      }
    }
  }

  void add(SourceFunction function, const std::string& name, const Tokens& list) {
    for (const Brace& brace : braces_) {
      if (!brace.space.empty()) function.name += brace.space + "::";
    }
    function.name += name;
    for (const Tokens& part : parts_of(list)) function.parameters.push_back(parameter_of(part));
    if (function.parameters.size() == 1 && function.parameters.front().type == "void") {
      function.parameters.clear();
    }
    functions_.push_back(std::move(function));
  }

  // Returns the tokens between an opening mark, which is the current token, and its closing mark,
  // and goes on behind it.
  Tokens group(std::string_view open, std::string_view close) {
    Tokens inside;
    int depth = 0, brackets = 0;
    for (; at_ < tokens_.size(); ++at_) {
      const std::string& token = tokens_[at_];
      if (open != "(" && token == "(") ++brackets;
      if (open != "(" && token == ")") --brackets;
      if (token == open && brackets == 0) ++depth;
      if (token == close && brackets == 0 && --depth == 0) {
        ++at_;
        break;
      }
      if (depth > 1 || token != open || brackets > 0) inside.push_back(token);
    }
    return inside;
  }

  void forget_template() { pending_ = {}; }

  Tokens tokens_;
  std::size_t at_ = 0;
  std::vector<Brace> braces_;
  SourceFunction pending_;  // the template parameters that were read last
  std::vector<SourceFunction> functions_;
};

}  // namespace

std::string without_qualifiers(std::string_view type) {
  return joined(unqualified(tokens_of(type)));
}

std::vector<SourceFunction> kernels_of(std::string_view source) { return Scanner(source).run(); }

}  // namespace tw
