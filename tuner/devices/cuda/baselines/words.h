// The words of a [[baseline]]'s argument map.
#pragma once
#include <initializer_list>
#include <string>
#include <string_view>

namespace tw::cuda {

// Throws Error if the map of `call` has another word than `taken`, all that the routine takes.
// `args` is a map by word.
template <class Args>
void allow_words(const std::string& call, const Args& args,
                 std::initializer_list<std::string_view> taken);

// Throws Error: the routine `call` takes no such word.
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
