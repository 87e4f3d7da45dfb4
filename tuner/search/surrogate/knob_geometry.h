// How far apart the values of a knob are for a model of times.
#pragma once
#include <cstdint>
#include <vector>

#include "core/space/space.h"

namespace tw {

// A configuration as the model sees it: the level of each knob with more than one value.
using Levels = std::vector<std::uint16_t>;

// The features of the knobs with more than one value. Each such knob has a feature `order`. Its
// distances are differences of position in [0, 1], where the position is the mean of the rank among
// the values and the logarithm. The values of booleans and words are all 1 apart. An integer knob
// whose values are not all powers of two has a second feature, `alignment`: how many times 2
// divides a value. Memory transactions, banks, warps and vector widths make a block of 96 resemble
// a block of 32 more than one of 100.
class KnobGeometry {
 public:
  struct Feature {
    std::size_t knob = 0;  // among the knobs with more than one value
    bool is_alignment = false;
    std::vector<float> distances;  // levels x levels, raised to `power`
  };

  // Distances are raised to `power`: 1 expects rough functions, 2 smooth ones.
  KnobGeometry(const SearchSpace& space, double power);

  std::size_t knobs() const { return knobs_.size(); }  // with more than one value
  std::size_t levels(std::size_t knob) const { return levels_[knob]; }
  const std::vector<Feature>& features() const { return features_; }
  Levels row(const SearchSpace& space, std::size_t index) const;

 private:
  void add_features(const Knob& knob, double power);

  std::vector<std::size_t> knobs_, levels_;
  std::vector<Feature> features_;
};

}  // namespace tw
