#include "emit/header/unit_text.h"

#include <vector>

#include "emit/header/directives.h"
#include "emit/header/text.h"
#include "emit/header/tokens.h"

namespace tw::header {
namespace {

// Returns the tokens of the text that are no blanks. They are views into the text.
std::vector<Word> words_of(std::string_view text) {
  std::vector<Word> words;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t end = token_at(text, at).end;
    const Word word = text.substr(at, end - at);
    if (!is_blank(word)) words.push_back(word);
    at = end;
  }
  return words;
}

bool touch(Word left, Word right) { return left.data() + left.size() == right.data(); }

class Rewriter {
 public:
  Rewriter(std::string_view text, const UnitNames& names)
      : text_(text), names_(names), words_(words_of(text)) {}

  std::string run() {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      if (is_linkage(i)) {
        replace(words_[i], "\"C++\"");
      } else if (are_colons(i)) {
        if (is_own_name(i)) add_alias(i);
        ++i;
      }
    }
    return result_ + std::string(text_.substr(copied_));
  }

 private:
  // Appends what stands before the word, and `text` in place of the word.
  void replace(Word word, std::string_view text) {
    const auto at = static_cast<std::size_t>(word.data() - text_.data());
    result_ += text_.substr(copied_, at - copied_);
    result_ += text;
    copied_ = at + word.size();
  }
  void add_alias(std::size_t i) {
    replace(words_[i].substr(0, 0), "");
    if (i > 0 && is_identifier(words_[i - 1]) && touch(words_[i - 1], words_[i])) result_ += ' ';
    result_ += unit_alias;
  }
  bool is_linkage(std::size_t i) const {
    if (i == 0) return false;
    if (words_[i - 1] == "extern") return words_[i] == "\"C\"" || names_.linkages.count(words_[i]);
    const std::size_t macro = words_[i - 1] == "(" && i > 1 ? i - 2 : i - 1;
    return words_[i] == "\"C\"" && names_.externs.count(words_[macro]);
  }
  bool are_colons(std::size_t i) const {
    return i + 1 < words_.size() && words_[i] == ":" && words_[i + 1] == ":" &&
           touch(words_[i], words_[i + 1]);
  }
  // Returns whether the colons at i begin a name that the sources declare at global scope.
  bool is_own_name(std::size_t i) const {
    return i + 2 < words_.size() && names_.global.count(words_[i + 2]) && begins_name(i);
  }
  // Returns whether no scope stands before the colons at i.
  bool begins_name(std::size_t i) const {
    if (i == 0) return true;
    const Word before = words_[i - 1];
    if (before == ")") return !ends_decltype(i - 1);
    if (before == ">") return !touch(before, words_[i]);  // Traits<T>::name, but not a > ::name
    if (!is_identifier(before)) return true;
    if (cpp_name(before) != before || before.starts_with("__")) return true;
    return !touch(before, words_[i]) && names_.macros.count(before);
  }
  // Returns whether the bracket at `close` ends decltype(...).
  bool ends_decltype(std::size_t close) const {
    int depth = 0;
    for (std::size_t i = close + 1; i-- > 0;) {
      if (words_[i] == ")") ++depth;
      if (words_[i] == "(" && --depth == 0) return i > 0 && words_[i - 1] == "decltype";
    }
    return false;
  }

  std::string_view text_;
  const UnitNames& names_;
  std::vector<Word> words_;
  std::size_t copied_ = 0;  // the end of what is in the result
  std::string result_;
};

}  // namespace

std::string unit_text(std::string_view text, const UnitNames& names) {
  return Rewriter(text, names).run();
}

}  // namespace tw::header
