// The words of a [[baseline]]'s argument map.
#pragma once
#include <initializer_list>
#include <string>
#include <string_view>

namespace tw::cuda {

// Throws Error if the argument map of `call` has a word that is not in `taken`, the words that the
// routine takes. `args` is a map by word.
template <class Args>
void allow_words(const std::string& call, const Args& args,
                 std::initializer_list<std::string_view> taken);

// Throws Error that says that the routine `call` does not take this word.
[[noreturn]] void refuse_word(const std::string& call, const std::string& word,
                              std::initializer_list<std::string_view> taken);

template <class Args>
void allow_words(const std::string& call, const Args& args,
                 std::initializer_list<std::string_view> taken) {
  for (const auto& [word, arg] : args) {
    bool is_taken = false;
    for (const std::string_view one : taken) is_taken = is_taken || one == word;
    if (!is_taken) refuse_word(call, word, taken);
  }
}

}  // namespace tw::cuda
