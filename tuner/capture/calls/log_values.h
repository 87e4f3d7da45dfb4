// The values of the libraries' logs: numbers and words as they are written.
#pragma once
#include <optional>
#include <string_view>

namespace tw::capture {

// Returns the number that the whole text is; nothing if it is none.
std::optional<double> number_of(std::string_view text);

// Returns "CUDA_R_16F(2)" and "CUDNN_DATA_HALF (2)" without their number, and without the prefix if
// they have it: "R_16F", "HALF".
std::string_view word_of(std::string_view text, std::string_view prefix);

}  // namespace tw::capture
