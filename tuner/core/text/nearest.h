// "Did you mean": finds known words that are close to an unknown word. All messages about unknown
// words are worded here.
#pragma once
#include <span>
#include <string>
#include <string_view>

namespace tw {

// Returns the candidate nearest to `word` by edit distance, in which a swap of two neighbours is
// one edit and case does not matter; else the only candidate that begins with `word`. Empty if none
// is near.
std::string nearest(std::string_view word, std::span<const std::string> candidates);

// Returns "did you mean 'x'?"; an option is not quoted: "did you mean --x?". Returns `otherwise` if
// nothing is near.
std::string did_you_mean(std::string_view word, std::span<const std::string> known,
                         std::string_view otherwise);

// Returns ": did you mean 'x'?" or, if nothing is near, ": known are a, b, c".
std::string suggestion(std::string_view word, std::span<const std::string> known);

// Returns "one of a, b, c", and with a near word "one of a, b, c; did you mean 'b'?". For sets that
// are small enough to be listed each time.
std::string one_of(std::string_view word, std::span<const std::string> known);

}  // namespace tw
