#include "cover/points.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <string>

#include "core/base/error.h"

namespace tw {
namespace {

constexpr std::size_t most_regular = 2000;  // shapes of ends and powers of two
constexpr std::size_t between = 500;        // shapes of values between them
constexpr double least_loss = 0.05;         // expected where nothing is known

bool is_number(const std::string& word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char letter) {
    return std::isdigit(letter) != 0;
  });
}

bool has_span(const ShapeRange& range) {
  for (const RangeAxis& axis : range.axes) {
    for (const RangePiece& piece : axis.pieces) {
      if (piece.word.empty()) return true;
    }
  }
  return false;
}

// Returns a value of the axis. Large values are multiples of 8, as most sizes in practice.
std::string drawn(const RangeAxis& axis, std::mt19937_64& random) {
  const auto& pieces = axis.pieces;
  const RangePiece& piece =
      pieces[std::uniform_int_distribution<std::size_t>(0, pieces.size() - 1)(random)];
  if (!piece.word.empty()) return piece.word;
  const double low = std::log2(static_cast<double>(piece.least));
  const double high = std::log2(static_cast<double>(piece.most));
  const double at = low + (high - low) * std::uniform_real_distribution<double>(0, 1)(random);
  auto value = static_cast<std::int64_t>(std::llround(std::exp2(at)));
  if (value > 64) value = value / 8 * 8;
  return fmt::format("{}", std::clamp(value, piece.least, piece.most));
}

std::vector<std::string> candidates(const ShapeRange& range, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::string> shapes = shapes_in(range);
  if (shapes.size() > most_regular) {
    std::shuffle(shapes.begin(), shapes.end(), random);
    shapes.resize(most_regular);
  }
  std::set<std::string> known(shapes.begin(), shapes.end());
  for (std::size_t i = 0; i < between && has_span(range); ++i) {
    std::vector<std::string> values;
    for (const RangeAxis& axis : range.axes) values.push_back(drawn(axis, random));
    std::string shape = range.shape(values);
    if (known.insert(shape).second) shapes.push_back(std::move(shape));
  }
  return shapes;
}

// Dims whose defaults follow from others, such as leading dimensions, are left out.
std::vector<double> place_of(const OpSpec& op, const Problem& problem) {
  std::vector<double> place;
  for (std::size_t i = 0; i < problem.dims.size(); ++i) {
    const std::optional<Expr>& fallback = op.dims[i].fallback;
    if (fallback && !fallback->reads().empty()) continue;
    place.push_back(std::log2(static_cast<double>(std::max<std::int64_t>(problem.dims[i], 1))));
  }
  return place;
}

// Removes the dims that have one value.
void keep_varying(std::vector<CoverPoint>& points) {
  std::vector<std::size_t> kept;
  for (std::size_t i = 0; i < points.front().place.size(); ++i) {
    std::vector<double> column;
    for (const CoverPoint& point : points) column.push_back(point.place[i]);
    const auto [least, most] = std::minmax_element(column.begin(), column.end());
    if (*least < *most) kept.push_back(i);
  }
  for (CoverPoint& point : points) {
    std::vector<double> place;
    for (const std::size_t i : kept) place.push_back(point.place[i]);
    point.place = std::move(place);
  }
}

std::size_t middle_of(std::span<const CoverPoint> points) {
  CoverPoint middle{.asked = {}, .place = std::vector<double>(points.front().place.size())};
  for (std::size_t i = 0; i < middle.place.size(); ++i) {
    double low = std::numeric_limits<double>::infinity(), high = 0;
    for (const CoverPoint& point : points) {
      low = std::min(low, point.place[i]);
      high = std::max(high, point.place[i]);
    }
    middle.place[i] = (low + high) / 2;
  }
  const auto nearer = [&](const CoverPoint& a, const CoverPoint& b) {
    return distance(a, middle) < distance(b, middle);
  };
  return static_cast<std::size_t>(std::min_element(points.begin(), points.end(), nearer) -
                                  points.begin());
}

}  // namespace

std::vector<AskedRange> without_words(const AskedRange& range) {
  std::vector<AskedRange> parts{range};
  for (std::size_t i = 0; i < range.range.axes.size(); ++i) {
    std::vector<AskedRange> finer;
    for (const AskedRange& part : parts) {
      const std::vector<RangePiece> pieces = part.range.axes[i].pieces;
      const bool has_words = std::any_of(pieces.begin(), pieces.end(), [](const RangePiece& one) {
        return !one.word.empty() && !is_number(one.word);
      });
      if (!has_words) {
        finer.push_back(part);
        continue;
      }
      for (const RangePiece& piece : pieces) {
        finer.push_back(part);
        finer.back().range.axes[i].pieces = {piece};
      }
    }
    parts = std::move(finer);
  }
  return parts;
}

std::vector<CoverPoint> points_of(const AskedRange& range, std::uint64_t seed) {
  std::vector<CoverPoint> points;
  std::string why;
  for (const std::string& shape : candidates(range.range, seed)) {
    try {
      Asked asked = problem_at(range, shape);
      std::vector<double> place = place_of(range.entry->op, asked.problem);
      points.push_back({std::move(asked), std::move(place)});
    } catch (const Error& error) {
      if (why.empty()) why = error.what();
    }
  }
  if (points.empty()) throw Error(why);
  keep_varying(points);
  return points;
}

std::vector<Asked> drawn_shapes(const AskedRange& range, std::size_t count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::set<std::string> known;
  std::vector<Asked> shapes;
  for (std::size_t tries = 0; shapes.size() < count && tries < 20 * count; ++tries) {
    std::vector<std::string> values;
    for (const RangeAxis& axis : range.range.axes) values.push_back(drawn(axis, random));
    const std::string shape = range.range.shape(values);
    if (!known.insert(shape).second) continue;
    try {
      shapes.push_back(problem_at(range, shape));
    } catch (const Error&) {  // the op refuses it
    }
  }
  return shapes;
}

double distance(const CoverPoint& a, const CoverPoint& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.place.size(); ++i) {
    sum += (a.place[i] - b.place[i]) * (a.place[i] - b.place[i]);
  }
  return std::sqrt(sum);
}

std::optional<std::size_t> next_point(std::span<const CoverPoint> points,
                                      std::span<const std::size_t> tuned,
                                      const std::function<double(std::size_t)>& expected_loss) {
  if (points.empty()) return std::nullopt;
  if (tuned.empty()) return middle_of(points);
  std::optional<std::size_t> next;
  double most = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    double nearest = std::numeric_limits<double>::infinity();
    for (const std::size_t other : tuned) {
      nearest = std::min(nearest, distance(points[i], points[other]));
    }
    if (nearest <= 0) continue;
    const double value = nearest * (least_loss + std::max(expected_loss(i), 0.0));
    if (value > most) {
      most = value;
      next = i;
    }
  }
  return next;
}

}  // namespace tw
