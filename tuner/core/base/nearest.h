// "Did you mean": finds known words that are close to an unknown word.
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace tw {

// Returns the candidate nearest to `word` by edit distance; empty if none is near.
std::string nearest(std::string_view word, std::span<const std::string> candidates);

// Returns ": did you mean 'x'?" or, if nothing is near, ": known are a, b, c".
std::string suggestion(std::string_view word, std::span<const std::string> known);

}  // namespace tw
