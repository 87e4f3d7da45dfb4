#include "cross_validation.h"

#include <cmath>
#include <limits>
#include <map>

#include "core/base/statistics.h"

namespace tw {
namespace {

using Members = std::map<std::string, std::vector<std::size_t>>;  // the spaces of each family

// Returns the geometric means over some spaces, by budget.
std::vector<double> means_of(const Ratios& ratios, const std::vector<std::size_t>& members) {
  std::vector<double> means;
  for (std::size_t budget = 0; budget < ratios.front().size(); ++budget) {
    std::vector<double> values;
    for (const std::size_t space : members) values.push_back(ratios[space][budget]);
    means.push_back(geometric_mean(values));
  }
  return means;
}

double loss_of(const Ratios& ratios, const Members& families, const std::string& left_out) {
  double loss = 0;
  for (const auto& [family, members] : families) {
    if (family == left_out) continue;
    for (const double mean : means_of(ratios, members)) loss += std::log(mean);
  }
  return loss;
}

}  // namespace

std::vector<Variant> variants_of_auto() {
  std::vector<Variant> variants{{"as it is", {}}};
  const auto add = [&](std::string name, auto change) {
    variants.push_back({std::move(name), {}});
    change(variants.back().settings);
  };
  for (const double value : {1.0, 2.0}) {
    add(value < 1.5 ? "rougher" : "smoother", [&](AutoSettings& s) { s.roughness = value; });
  }
  for (const double value : {0.125, 0.5}) {
    add(value < 0.25 ? "smaller weights" : "larger weights",
        [&](AutoSettings& s) { s.prior.weight = value; });
  }
  for (const double value : {0.5, 2.0}) {
    add(value < 1 ? "weights nearer to their prior" : "weights farther from their prior",
        [&](AutoSettings& s) { s.prior.spread = value; });
  }
  for (const double value : {1e-4, 1e-2}) {
    add(value < 1e-3 ? "less noise" : "more noise",
        [&](AutoSettings& s) { s.prior.noise = value; });
  }
  for (const double value : {0.25, 1.0}) {
    add(value < 0.5 ? "best quarter told apart" : "all told apart",
        [&](AutoSettings& s) { s.slow = value; });
  }
  for (const std::size_t value : {2u, 8u}) {
    add(value < 4 ? "2 to begin with" : "8 to begin with",
        [&](AutoSettings& s) { s.design = value; });
  }
  for (const std::size_t value : {2u, 8u}) {
    add(value < 4 ? "every 2nd a neighbour" : "every 8th a neighbour",
        [&](AutoSettings& s) { s.sweep_every = value; });
  }
  return variants;
}

std::vector<LeftOut> cross_validate(std::span<const RecordedSpace> spaces,
                                    std::span<const Ratios> by_variant) {
  Members families;
  for (std::size_t i = 0; i < spaces.size(); ++i) families[spaces[i].family].push_back(i);
  std::vector<LeftOut> result;
  for (const auto& [family, members] : families) {
    LeftOut out{.family = family, .chosen = 0, .ratios = {}};
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t variant = 0; variant < by_variant.size(); ++variant) {
      const double loss = loss_of(by_variant[variant], families, family);
      if (loss >= least) continue;
      least = loss;
      out.chosen = variant;
    }
    out.ratios = means_of(by_variant[out.chosen], members);
    result.push_back(std::move(out));
  }
  return result;
}

}  // namespace tw
