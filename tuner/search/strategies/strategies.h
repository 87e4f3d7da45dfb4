// The factories of the strategies. Each strategy has a file; auto also has a header.
#pragma once
#include "search/strategies/strategy.h"

namespace tw {

std::unique_ptr<Strategy> make_exhaustive(const SearchSpace& space);
std::unique_ptr<Strategy> make_random(const SearchSpace& space, std::uint64_t seed);
std::unique_ptr<Strategy> make_local(const SearchSpace& space, std::uint64_t seed);
std::unique_ptr<Strategy> make_latin_hypercube(const SearchSpace& space, std::uint64_t seed);
std::unique_ptr<Strategy> make_annealing(const SearchSpace& space, std::uint64_t seed);
std::unique_ptr<Strategy> make_genetic(const SearchSpace& space, std::uint64_t seed);
std::unique_ptr<Strategy> make_differential_evolution(const SearchSpace& space, std::uint64_t seed);

}  // namespace tw
