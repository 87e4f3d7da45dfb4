// Chooses the shapes of a range that are worth tuning.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "options/problem_options.h"

namespace tw {

// A shape that may be tuned, and its place: log2 of each dim that the range varies.
struct CoverPoint {
  Asked asked;
  std::vector<double> place;
};

// Returns the ranges of one value for each word that is no number, such as layout=nt|nn: what is
// tuned for one of them says nothing about the others.
std::vector<AskedRange> without_words(const AskedRange& range);
// Returns candidates of a range: the ends, powers of two and values between them, as sampled by the
// seed. Leaves out shapes that the op refuses; throws Error with the op's reason if it refuses all.
std::vector<CoverPoint> points_of(const AskedRange& range, std::uint64_t seed);
// Returns `count` shapes that the seed draws from the range, uniformly on a logarithmic scale, each
// once; fewer if the range has fewer. Shapes that the op refuses are left out.
std::vector<Asked> drawn_shapes(const AskedRange& range, std::size_t count, std::uint64_t seed);
// Returns the Euclidean distance of two places.
double distance(const CoverPoint& a, const CoverPoint& b);
// Returns the index of the point to tune next: the one whose distance from the nearest tuned point,
// times what is expected to be lost there, is largest. The loss is log2 of a slowdown. The first
// point is the one in the middle. Returns nothing if all points are tuned.
std::optional<std::size_t> next_point(std::span<const CoverPoint> points,
                                      std::span<const std::size_t> tuned,
                                      const std::function<double(std::size_t)>& expected_loss);

}  // namespace tw
