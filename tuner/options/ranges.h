// Ranges of shapes: "m=1..8192,n=4096|14336,k=4096" stands for many shapes.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tw {

// One alternative of a dim: a word as the user wrote it, or all integers from `least` to `most`.
struct RangePiece {
  std::string word{};  // empty: the integers
  std::int64_t least = 0, most = 0;
};

// The alternatives of one dim, choice or scalar.
struct RangeAxis {
  std::string name{};  // empty for the sizes of 64x64x1..8
  std::vector<RangePiece> pieces{};
};

// A shape whose parts may have several values.
struct ShapeRange {
  std::vector<RangeAxis> axes{};
  // Returns the shape that has these values, one for each axis.
  std::string shape(std::span<const std::string> values) const;
  // Returns the text that parse_range() takes.
  std::string text() const;
};

// Returns whether the text of a shape has a range: "a..b" or "a|b".
bool is_range(std::string_view shape);
// Parses the text of a shape: NAME=VALUE parts, or "64x64x1..8" and such parts behind it. A text
// without a range is a range of one shape. Throws Error that names the part: "'m=8..4': the range
// ends before it begins: write 4..8".
ShapeRange parse_range(std::string_view shape);
// Returns the values of an axis that stand for all of its values: each word, and of integers both
// ends and the powers of two between them.
std::vector<std::string> values_in(const RangeAxis& axis);
// Returns how many combinations of values_in() the range has, at most `most` + 1.
std::size_t combinations_in(const ShapeRange& range, std::size_t most);
// Returns the shapes with all combinations of values_in(). Throws Error if there are more than
// `most_shapes`.
inline constexpr std::size_t most_shapes = 10'000;
std::vector<std::string> shapes_in(const ShapeRange& range);

}  // namespace tw
