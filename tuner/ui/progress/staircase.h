// A plot in text: a value that falls step by step.
#pragma once
#include <span>
#include <string>
#include <vector>

namespace tw {

// A step of the staircase: from `x` on the value is `y`. Both are in 0..1; y is 0 at the bottom.
struct Step {
  double x = 0, y = 0;
};

// Draws steps, which must be sorted by x, from the first one to `end` (0..1). Each element of the
// result is a row of `columns` characters, the top one first: braille characters of 2 x 4 dots, or
// asterisks if not `utf8`.
std::vector<std::string> staircase(std::span<const Step> steps, double end, int columns, int rows,
                                   bool utf8);

// Draws a bar of `columns` characters that is filled to `share` (0..1).
std::string bar(double share, int columns, bool utf8);

}  // namespace tw
