// Its include guard must not be that of a/common_config.cuh.
#pragma once

namespace dispatch::twice {

constexpr float zero = 0;

}  // namespace dispatch::twice
