#include "search/surrogate/knob_geometry.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace tw {
namespace {

bool varies(const SearchSpace& space, std::size_t knob) {
  if (space.knobs()[knob].values.size() < 2) return false;
  for (std::size_t i = 1; i < space.size(); ++i) {
    if (space.level(i, knob) != space.level(0, knob)) return true;
  }
  return false;
}

// Returns the positions of the values in [0, 1].
std::vector<double> positions(const Knob& knob) {
  std::vector<std::int64_t> sorted = knob.values;
  std::sort(sorted.begin(), sorted.end());
  // If a value is not positive, logarithms are those of the values shifted so that the smallest
  // becomes 1.
  const double shift = sorted.front() > 0 ? 0 : 1 - static_cast<double>(sorted.front());
  const auto log_of = [&](std::int64_t value) {
    return std::log2(static_cast<double>(value) + shift);
  };
  const double low = log_of(sorted.front()), span = log_of(sorted.back()) - low;
  std::vector<double> places;
  for (const std::int64_t value : knob.values) {
    const auto at = std::lower_bound(sorted.begin(), sorted.end(), value);
    const double rank =
        static_cast<double>(at - sorted.begin()) / (static_cast<double>(sorted.size()) - 1);
    places.push_back((rank + (log_of(value) - low) / span) / 2);
  }
  return places;
}

// Returns how many times 2 divides each value, as a fraction of the largest such number. Empty if
// it says nothing new.
std::vector<double> alignments(const Knob& knob) {
  const auto is_power = [](std::int64_t value) {
    return value > 0 && std::has_single_bit(static_cast<std::uint64_t>(value));
  };
  if (std::all_of(knob.values.begin(), knob.values.end(), is_power)) return {};
  std::vector<double> twos;
  double most = 0;
  for (const std::int64_t value : knob.values) {
    if (value != 0)
      most = std::max<double>(most, std::countr_zero(static_cast<std::uint64_t>(value)));
  }
  if (most == 0) return {};
  for (const std::int64_t value : knob.values) {
    const double count = value == 0 ? most : std::countr_zero(static_cast<std::uint64_t>(value));
    twos.push_back(count / most);
  }
  return twos;
}

}  // namespace

KnobGeometry::KnobGeometry(const SearchSpace& space, double power) {
  for (std::size_t knob = 0; knob < space.knobs().size(); ++knob) {
    if (!varies(space, knob)) continue;
    knobs_.push_back(knob);
    levels_.push_back(space.knobs()[knob].values.size());
    add_features(space.knobs()[knob], power);
  }
}

void KnobGeometry::add_features(const Knob& knob, double power) {
  const std::size_t n = knob.values.size();
  const auto add = [&](bool is_alignment, auto distance) {
    Feature feature{.knob = knobs_.size() - 1, .is_alignment = is_alignment, .distances = {}};
    for (std::size_t a = 0; a < n; ++a) {
      for (std::size_t b = 0; b < n; ++b) {
        feature.distances.push_back(static_cast<float>(std::pow(distance(a, b), power)));
      }
    }
    features_.push_back(std::move(feature));
  };
  if (knob.kind != Knob::Kind::integer || n == 2) {
    add(false, [](std::size_t a, std::size_t b) { return a == b ? 0.0 : 1.0; });
    return;
  }
  const std::vector<double> places = positions(knob);
  add(false, [&](std::size_t a, std::size_t b) { return std::abs(places[a] - places[b]); });
  const std::vector<double> twos = alignments(knob);
  if (twos.empty()) return;
  add(true, [&](std::size_t a, std::size_t b) { return std::abs(twos[a] - twos[b]); });
}

Levels KnobGeometry::row(const SearchSpace& space, std::size_t index) const {
  Levels row;
  row.reserve(knobs_.size());
  for (const std::size_t knob : knobs_) {
    row.push_back(static_cast<std::uint16_t>(space.level(index, knob)));
  }
  return row;
}

}  // namespace tw
