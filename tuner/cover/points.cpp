#include "cover/points.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <set>
#include <utility>

#include "core/base/error.h"

namespace tw {
namespace {

constexpr std::size_t most_regular = 2000;  // shapes of ends and powers of two
constexpr std::size_t most_corners = 256;   // shapes of ends alone
constexpr std::size_t between = 500;        // shapes of values between them
constexpr double least_loss = 0.05;         // expected where nothing is known

bool has_span(const ShapeRange& range) {
  for (const RangeAxis& axis : range.axes) {
    for (const RangePiece& piece : axis.pieces) {
      if (piece.word.empty()) return true;
    }
  }
  return false;
}

// Returns a multiple of 8 near a large value, as most sizes in practice are, if the piece has one.
std::int64_t rounded(std::int64_t value, const RangePiece& piece) {
  if (value <= 64) return value;
  const std::int64_t below = value / 8 * 8;
  if (below >= piece.least) return below;
  return below + 8 <= piece.most ? below + 8 : value;
}

// Returns a value of the axis.
std::string drawn(const RangeAxis& axis, std::mt19937_64& random) {
  const auto& pieces = axis.pieces;
  const RangePiece& piece =
      pieces[std::uniform_int_distribution<std::size_t>(0, pieces.size() - 1)(random)];
  if (!piece.word.empty()) return piece.word;
  const double low = std::log2(static_cast<double>(piece.least));
  const double high = std::log2(static_cast<double>(piece.most));
  const double at = low + (high - low) * std::uniform_real_distribution<double>(0, 1)(random);
  const auto value = static_cast<std::int64_t>(std::llround(std::exp2(at)));
  return fmt::format("{}", rounded(std::clamp(value, piece.least, piece.most), piece));
}

// The values of each axis: its ends and the powers of two between them.
using AxisValues = std::vector<std::vector<std::string>>;

// Returns the shapes of ends alone; none if there are too many.
std::vector<std::string> corners(const ShapeRange& range, const AxisValues& axes) {
  std::vector<std::vector<std::string>> all{{}};
  for (const std::vector<std::string>& values : axes) {
    std::vector<std::vector<std::string>> longer;
    for (const std::vector<std::string>& one : all) {
      for (const std::size_t end : std::set<std::size_t>{0, values.size() - 1}) {
        longer.push_back(one);
        longer.back().push_back(values[end]);
      }
    }
    if (longer.size() > most_corners) return {};
    all = std::move(longer);
  }
  std::vector<std::string> shapes;
  for (const std::vector<std::string>& one : all) shapes.push_back(range.shape(one));
  return shapes;
}

// Returns shapes of ends and powers of two: all of them, or the corners and a sample.
std::vector<std::string> regular(const ShapeRange& range, std::mt19937_64& random) {
  if (combinations_in(range, most_regular) <= most_regular) return shapes_in(range);
  AxisValues axes;
  for (const RangeAxis& axis : range.axes) axes.push_back(values_in(axis));
  std::vector<std::string> shapes = corners(range, axes);
  while (shapes.size() < most_regular) {
    std::vector<std::string> values;
    for (const std::vector<std::string>& each : axes) {
      values.push_back(
          each[std::uniform_int_distribution<std::size_t>(0, each.size() - 1)(random)]);
    }
    shapes.push_back(range.shape(values));
  }
  return shapes;
}

std::vector<std::string> candidates(const ShapeRange& range, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<std::string> shapes = regular(range, random);
  for (std::size_t i = 0; i < between && has_span(range); ++i) {
    std::vector<std::string> values;
    for (const RangeAxis& axis : range.axes) values.push_back(drawn(axis, random));
    shapes.push_back(range.shape(values));
  }
  return shapes;
}

std::vector<double> place_of(const OpSpec& op, const Problem& problem) {
  std::vector<double> place;
  for (std::size_t i = 0; i < problem.dims.size(); ++i) {
    if (!op.dims[i].is_axis()) continue;
    const auto size = static_cast<double>(problem.dims[i]);
    place.push_back(size > 0 ? std::log2(size) : -1);  // no padding is another place than 1
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

CoverPoint middle_of(std::span<const CoverPoint> points) {
  CoverPoint middle{.asked = {}, .place = std::vector<double>(points.front().place.size())};
  for (std::size_t i = 0; i < middle.place.size(); ++i) {
    double low = std::numeric_limits<double>::infinity(), high = -low;
    for (const CoverPoint& point : points) {
      low = std::min(low, point.place[i]);
      high = std::max(high, point.place[i]);
    }
    middle.place[i] = (low + high) / 2;
  }
  return middle;
}

// Returns whether the axis is a dim. Otherwise it is a choice or a scalar.
bool is_dim(const OpSpec& op, const RangeAxis& axis) {
  return axis.name.empty() || std::any_of(op.dims.begin(), op.dims.end(), [&](const DimSpec& dim) {
           return dim.name == axis.name;
         });
}

}  // namespace

void LeftOutShapes::add(const std::string& shape, const std::string& why) {
  if (count++ > 0) return;
  example = shape;
  reason = why;
}

std::vector<AskedRange> by_choices(const AskedRange& range) {
  std::vector<AskedRange> parts{range};
  for (std::size_t i = 0; i < range.range.axes.size(); ++i) {
    if (is_dim(range.entry->op, range.range.axes[i])) continue;
    std::vector<AskedRange> finer;
    for (const AskedRange& part : parts) {
      for (const RangePiece& piece : part.range.axes[i].pieces) {
        finer.push_back(part);
        finer.back().range.axes[i].pieces = {piece};
      }
    }
    parts = std::move(finer);
  }
  if (parts.size() == 1) return parts;
  for (AskedRange& part : parts) part.text.shape = part.range.text();
  return parts;
}

CoverPoints points_of(const AskedRange& range, std::uint64_t seed) {
  CoverPoints found;
  std::set<std::string> known;
  std::set<std::vector<double>> places;
  for (const std::string& shape : candidates(range.range, seed)) {
    if (!known.insert(shape).second) continue;
    try {
      Asked asked = problem_at(range, shape);
      std::vector<double> place = place_of(range.entry->op, asked.problem);
      if (places.insert(place).second) {
        found.points.push_back({std::move(asked), std::move(place)});
      }
    } catch (const Error& error) {
      found.left_out.add(shape, error.what());
    }
  }
  if (found.points.empty()) throw Error(found.left_out.reason);
  keep_varying(found.points);
  return found;
}

std::vector<Asked> drawn_shapes(const AskedRange& range, std::size_t count, std::uint64_t seed,
                                const std::function<bool(const Asked&)>& accepts) {
  std::mt19937_64 random(seed);
  std::set<std::string> known;
  std::vector<Asked> shapes;
  for (std::size_t tries = 0; shapes.size() < count && tries < 20 * count + 1000; ++tries) {
    std::vector<std::string> values;
    for (const RangeAxis& axis : range.range.axes) values.push_back(drawn(axis, random));
    const std::string shape = range.range.shape(values);
    if (!known.insert(shape).second) continue;
    try {
      Asked asked = problem_at(range, shape);
      if (accepts(asked)) shapes.push_back(std::move(asked));
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
                                      const ExpectedLoss& expected_loss) {
  if (points.empty()) return std::nullopt;
  const CoverPoint middle = middle_of(points);
  std::optional<std::size_t> next;
  double most = 0;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (std::find(tuned.begin(), tuned.end(), i) != tuned.end()) continue;
    const std::optional<double> loss = expected_loss(i);
    if (!loss) continue;
    double nearest = std::numeric_limits<double>::infinity();
    for (const std::size_t other : tuned) {
      nearest = std::min(nearest, distance(points[i], points[other]));
    }
    const double value = tuned.empty() ? -distance(points[i], middle)
                                       : nearest * (least_loss + std::max(*loss, 0.0));
    if (next && value <= most) continue;
    most = value;
    next = i;
  }
  return next;
}

}  // namespace tw
