// The factories of the strategies, one file each.
#pragma once
#include "strategy.h"

namespace tw {

std::unique_ptr<Strategy> make_exhaustive(const SearchSpace& space);
std::unique_ptr<Strategy> make_random(const SearchSpace& space, std::uint64_t seed);
std::unique_ptr<Strategy> make_local(const SearchSpace& space, std::uint64_t seed);

}  // namespace tw
