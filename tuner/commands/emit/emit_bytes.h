// The option --max-bytes of `tune emit`: configurations whose compiled code is small enough.
#pragma once
#include <cstdint>
#include <string_view>

#include "emit/code_size.h"
#include "emit/portfolio/measured.h"
#include "emit/portfolio/portfolio.h"

namespace tw {

// Returns the bytes of "1MB", "1.5 MiB", "500kB" or "250000". Throws Error for another text.
std::int64_t max_bytes_of(std::string_view text);

// The limits that --max-bytes and the options beside it set.
struct SizeWish {
  std::int64_t most_bytes = 0;  // the code of the header: the configurations and the defaults
  std::size_t most = std::numeric_limits<std::size_t>::max();  // configurations (--kernels)
  // The largest slowdown (--max-regret); 0: the least one that the other limits allow.
  double worst = 0;
};

// A portfolio, and the size of the header's code with it.
struct SizedPortfolio {
  Portfolio portfolio;
  std::int64_t bytes = 0;     // all of the code
  std::int64_t defaults = 0;  // the part of the defaults
  std::string architecture;   // for which it was compiled
};

// Returns the portfolio that satisfies the wish. Throws Error if there is none; the message names
// the smallest size that is possible. The times are those of the request's winners.
SizedPortfolio portfolio_of_size(const MeasuredTimes& times, const EmitRequest& request,
                                 const SizeWish& wish, CodeSizes& sizes);

}  // namespace tw
