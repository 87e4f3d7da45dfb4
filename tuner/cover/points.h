// Chooses the shapes of a range that are worth tuning.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "options/problem_options.h"

namespace tw {

// A shape that may be tuned, and its place: log2 of each dim that the range varies.
struct CoverPoint {
  Asked asked;
  std::vector<double> place;
};

// Shapes of a range that cannot be tuned.
struct LeftOutShapes {
  std::size_t count = 0;
  std::string example, reason;  // the first shape, and why

  void add(const std::string& shape, const std::string& why);
};

// The candidates of a range.
struct CoverPoints {
  std::vector<CoverPoint> points;
  LeftOutShapes left_out;
};

// Returns the ranges of one value for each choice and scalar, such as layout=nt|nn: what is tuned
// for one of them says nothing about the others.
std::vector<AskedRange> by_choices(const AskedRange& range);
// Returns candidates of a range: the ends, powers of two and values between them, as sampled by the
// seed. Places differ. Leaves out shapes that the op refuses; throws Error with the op's reason if
// it refuses all.
CoverPoints points_of(const AskedRange& range, std::uint64_t seed);
// Returns `count` shapes that the seed draws from the range, uniformly on a logarithmic scale, each
// once. Sizes above 64 are multiples of 8, where the range has some. Leaves out shapes that the op
// refuses, and those for which `accepts` returns false. Returns fewer if the range has not so many.
std::vector<Asked> drawn_shapes(const AskedRange& range, std::size_t count, std::uint64_t seed,
                                const std::function<bool(const Asked&)>& accepts);
// Returns the Euclidean distance of two places.
double distance(const CoverPoint& a, const CoverPoint& b);
// Returns what is expected to be lost at the point of an index, as log2 of a slowdown. Returns
// nothing if the point may not be taken.
using ExpectedLoss = std::function<std::optional<double>(std::size_t)>;
// Returns the index of the point to tune next: the one whose distance from the nearest tuned point,
// times what is expected to be lost there, is largest. The first point is the one nearest to the
// middle. Returns nothing if no point is left.
std::optional<std::size_t> next_point(std::span<const CoverPoint> points,
                                      std::span<const std::size_t> tuned,
                                      const ExpectedLoss& expected_loss);

}  // namespace tw
