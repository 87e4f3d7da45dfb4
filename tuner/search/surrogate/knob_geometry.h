// How far apart the values of a knob are, as a model of times sees them.
#pragma once
#include <cstdint>
#include <vector>

#include "core/space/space.h"

namespace tw {

// A configuration as the model sees it: the level of each knob that varies.
using Levels = std::vector<std::uint16_t>;

// Every knob with more than one value has a feature, its order: distances are differences of
// position in [0, 1], the mean of the rank among its values and the logarithm; values of booleans
// and words are all 1 apart. An integer knob whose values are not all powers of two has a second
// feature, alignment: how many twos divide a value. Memory transactions, banks, warps and vector
// widths make a block of 96 resemble one of 32 more than one of 100.
class KnobGeometry {
 public:
  struct Feature {
    std::size_t knob = 0;  // of those that vary
    bool is_alignment = false;
    std::vector<float> distances;  // levels() squared, raised to `power`
  };

  // `power`: what distances are raised to; 1 expects rough functions, 2 smooth ones.
  KnobGeometry(const SearchSpace& space, double power);

  std::size_t knobs() const { return knobs_.size(); }  // that vary
  std::size_t levels(std::size_t knob) const { return levels_[knob]; }
  const std::vector<Feature>& features() const { return features_; }
  Levels row(const SearchSpace& space, std::size_t index) const;

 private:
  void add_features(const Knob& knob, double power);

  std::vector<std::size_t> knobs_, levels_;
  std::vector<Feature> features_;
};

}  // namespace tw
