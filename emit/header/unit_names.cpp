#include "emit/header/unit_names.h"

#include <algorithm>
#include <vector>

#include "emit/header/directives.h"
#include "emit/header/text.h"
#include "emit/header/tokens.h"

namespace tw::header {
namespace {

// A token of a declaration, or a pair of brackets: "()", "[]", "{}" or "<>".
struct Item {
  Word text;
  std::vector<Word> inside{};  // the identifiers between the brackets
};

bool is_name(Word word) { return is_identifier(word) && cpp_name(word) == word; }
bool is_any_of(Word word, std::initializer_list<Word> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// Reads the declarations at global scope, one after the other.
class Declarations {
 public:
  explicit Declarations(UnitNames::Set& names) : names_(names) {}

  void read(Word word) {
    if (is_blank(word)) return;
    if (state_.scopes.empty() || state_.scopes.back().kind == Scope::Kind::open) {
      read_outside(word);
    } else {
      read_inside(word);
    }
    state_.last = word;
  }
  // Each branch of an #if begins where the first one did.
  void read_directive(Word word) {
    if (is_any_of(word, {"if", "ifdef", "ifndef"})) branches_.push_back(state_);
    if (is_any_of(word, {"else", "elif"}) && !branches_.empty()) state_ = branches_.back();
    if (word == "endif" && !branches_.empty()) branches_.pop_back();
  }

 private:
  struct Scope {
    enum class Kind {
      open,         // its declarations are at global scope too
      enumerators,  // of an enum without a scope
      body,         // of a function; the declaration ends with it
      other
    } kind = Kind::other;
    char close = '}';
  };
  struct State {
    std::vector<Scope> scopes;
    std::vector<Item> declaration;
    Word last;
  };

  bool has(Word word) const {
    return std::any_of(state_.declaration.begin(), state_.declaration.end(),
                       [&](const Item& item) { return item.text == word; });
  }

  // Returns the item of the declaration; empty behind its end.
  Word text_at(std::size_t i) const {
    return i < state_.declaration.size() ? state_.declaration[i].text : Word();
  }

  void read_outside(Word word) {
    std::vector<Item>& declaration = state_.declaration;
    if (word == ";") {
      end_declaration();
    } else if (word == "}") {
      if (!state_.scopes.empty()) state_.scopes.pop_back();
      declaration.clear();
    } else if (word == "{") {
      open_brace();
    } else if (word == "(") {
      open({Scope::Kind::other, ')'}, "()");
    } else if (word == "[") {
      open({Scope::Kind::other, ']'}, "[]");
    } else if (word == "<" && !has("=") && !has("operator")) {
      open({Scope::Kind::other, '>'}, "<>");
    } else {
      declaration.push_back({word});
    }
  }

  void open(Scope scope, Word item) {
    state_.scopes.push_back(scope);
    state_.declaration.push_back({item});
  }

  void open_brace() {
    std::vector<Item>& declaration = state_.declaration;
    const bool is_linkage =
        declaration.size() >= 2 && declaration[declaration.size() - 2].text == "extern";
    if (is_linkage || has("namespace")) {
      const bool is_open = is_linkage || declare_namespace();
      declaration.clear();
      state_.scopes.push_back({is_open ? Scope::Kind::open : Scope::Kind::body, '}'});
    } else if (has("enum") && !has("()")) {
      const bool is_scoped = has("class") || has("struct");
      declare_type("enum");
      open({is_scoped ? Scope::Kind::other : Scope::Kind::enumerators, '}'}, "{}");
    } else if (const Word type = type_that_begins(); !type.empty()) {
      declare_type(type);
      open({}, "{}");
    } else if (has("()") && !has("=")) {
      declare_all();
      declaration.clear();
      state_.scopes.push_back({Scope::Kind::body, '}'});
    } else {
      open({}, "{}");
    }
  }

  // Returns whether what the namespace declares is at global scope too.
  bool declare_namespace() {
    for (std::size_t i = 0; i < state_.declaration.size(); ++i) {
      if (state_.declaration[i].text != "namespace") continue;
      if (i + 1 == state_.declaration.size()) return true;
      names_.emplace(state_.declaration[i + 1].text);
    }
    return has("inline");
  }

  // Returns the keyword if the declaration is the head of a class, and no function returns it.
  Word type_that_begins() const {
    const std::vector<Item>& declaration = state_.declaration;
    for (std::size_t i = 0; i < declaration.size(); ++i) {
      if (!is_any_of(declaration[i].text, {"struct", "class", "union"})) continue;
      for (std::size_t j = i + 1; j < declaration.size() && declaration[j].text != ":"; ++j) {
        const Word before = declaration[j - 1].text;
        const bool is_function =
            declaration[j].text == "()" && is_name(before) && !before.starts_with("__");
        if (is_function || declaration[j].text == "=") return {};
      }
      return declaration[i].text;
    }
    return {};
  }

  // Declares the names behind "struct" or "enum", and leaves the declaration to what follows.
  void declare_type(Word keyword) {
    const std::vector<Item>& declaration = state_.declaration;
    bool is_behind = false;
    for (std::size_t i = 0; i < declaration.size() && declaration[i].text != ":"; ++i) {
      const bool is_scope = text_at(i + 1) == ":" && text_at(i + 2) == ":";
      const bool is_type = is_behind && text_at(i + 1) != "()" && !is_scope;
      if (is_type && is_name(declaration[i].text)) names_.emplace(declaration[i].text);
      is_behind = is_behind || declaration[i].text == keyword;
    }
    state_.declaration = {{keyword}};
  }

  void end_declaration() {
    const std::vector<Item>& declaration = state_.declaration;
    const bool is_type =
        declaration.size() == 2 && is_any_of(declaration[0].text, {"struct", "class", "union"});
    if (is_type && is_name(declaration[1].text)) names_.emplace(declaration[1].text);
    if (!has("namespace")) {
      declare_all();
    } else if (declaration.size() > 2 && declaration[0].text == "namespace") {
      names_.emplace(declaration[1].text);  // an alias
    }
    state_.declaration.clear();
  }

  // Declares the names of a declaration: those that a bracket, a comma, '=' or the end follows, and
  // those in the first brackets of float (*function)(float).
  void declare_all() {
    const std::vector<Item>& declaration = state_.declaration;
    bool is_value = false;
    for (std::size_t i = 0; i < declaration.size(); ++i) {
      const Word word = declaration[i].text, next = text_at(i + 1);
      const bool is_colon = word == ":" && next != ":" && (i == 0 || text_at(i - 1) != ":");
      if (word == "operator" || (word == "-" && next == ">") || is_colon) return;
      if (word == "=") is_value = true;
      if (word == ",") is_value = false;
      if (is_value) continue;
      const bool ends = next.empty() || is_any_of(next, {"=", ",", "()", "[]", "{}"});
      if (word == "()" && next == "()") {
        for (const Word name : declaration[i].inside) names_.emplace(name);
      } else if (is_name(word) && ends && !(next == "()" && text_at(i + 2) == "()")) {
        names_.emplace(word);
      }
    }
  }

  void read_inside(Word word) {
    Scope& scope = state_.scopes.back();
    std::vector<Item>& declaration = state_.declaration;
    if (scope.close == '>' && is_any_of(word, {";", "{", "}"})) {  // a comparison
      while (!state_.scopes.empty() && state_.scopes.back().close == '>') state_.scopes.pop_back();
      read(word);
    } else if (word.size() == 1 && word.front() == scope.close) {
      if (scope.kind == Scope::Kind::body) declaration.clear();
      state_.scopes.pop_back();
    } else if (is_any_of(word, {"(", "[", "{"}) || (word == "<" && scope.close == '>')) {
      const char close = word == "(" ? ')' : word == "[" ? ']' : word == "{" ? '}' : '>';
      state_.scopes.push_back({Scope::Kind::other, close});
    } else if (is_name(word)) {
      const bool is_enumerator =
          scope.kind == Scope::Kind::enumerators && (state_.last == "{" || state_.last == ",");
      if (is_enumerator) names_.emplace(word);
      if (!declaration.empty() && scope.close == ')') declaration.back().inside.push_back(word);
    }
  }

  UnitNames::Set& names_;
  State state_;
  std::vector<State> branches_;
};

// Adds the macro that a #define defines.
void add_macro(std::string_view rest, UnitNames& names) {
  const Word name = word_of(rest);
  const std::string_view body = rest.substr(name.size());
  Word last;
  int count = 0;
  bool has_extern = false;
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t end = token_at(body, at).end;
    const Word word = body.substr(at, end - at);
    if (!is_blank(word)) {
      ++count;
      last = word;
      has_extern = has_extern || word == "extern";
    }
    at = end;
  }
  names.macros.emplace(name);
  if (has_extern) names.externs.emplace(name);
  if (count == 1 && last == "\"C\"") names.linkages.emplace(name);
}

}  // namespace

void add_names(std::string_view source, UnitNames& names) {
  Declarations declarations(names.global);
  walk(
      source,
      [&](const Directive& directive) {
        declarations.read_directive(directive.word);
        if (directive.word == "define") add_macro(directive.rest, names);
      },
      [&](Word word) { declarations.read(word); });
}

}  // namespace tw::header
