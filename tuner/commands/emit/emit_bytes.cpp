#include "commands/emit/emit_bytes.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numeric>
#include <set>

#include "commands/emit/emit_portfolio.h"
#include "core/base/error.h"
#include "core/space/space.h"
#include "emit/tuning/given_kernel.h"
#include "ui/output.h"

namespace tw {
namespace {

// To compile more candidates takes minutes if their code is not cached.
constexpr std::size_t most_sized = 256;
constexpr std::size_t least_of_each = 8, most_of_each = 32;  // configurations of a problem
constexpr double any_slowdown = std::numeric_limits<double>::max();

// Returns the candidates whose sizes count: the fastest ones of each problem, and those of which a
// few serve all problems.
std::set<std::size_t> sized_candidates(const MeasuredTimes& times) {
  std::set<std::size_t> chosen;
  const std::size_t count = times.candidates.size();
  const std::size_t problems = std::max<std::size_t>(1, times.slowdowns.size());
  const std::size_t each =
      std::min(count, std::clamp(most_sized / problems, least_of_each, most_of_each));
  for (const std::vector<double>& row : times.slowdowns) {
    std::vector<std::size_t> order(count);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return row[a] < row[b]; });
    for (std::size_t i = 0; i < each && row[order[i]] < not_measured; ++i) chosen.insert(order[i]);
  }
  for (std::size_t most = 1; most <= std::min<std::size_t>(problems, 16); most *= 2) {
    const Portfolio few = portfolio_of(times.slowdowns, most);
    chosen.insert(few.members.begin(), few.members.end());
  }
  return chosen;
}

// Returns the code that a header compiles for a candidate, if all problems on which it was measured
// take it: one branch, or one for each value of the dims that the code contains.
std::vector<Branch> branches_of(const MeasuredTimes& times, const EmitRequest& request,
                                std::size_t candidate) {
  const OpEntry& entry = request.catalog->at(request.op);
  const Candidate& one = times.candidates[candidate];
  const KernelSpec& kernel =
      *std::find_if(entry.kernels.begin(), entry.kernels.end(),
                    [&](const KernelSpec& known) { return known.name == one.kernel; });
  const std::vector<std::size_t> compiled = compiled_dims(*request.catalog, kernel);
  std::set<std::vector<std::int64_t>> seen;
  std::vector<Branch> branches;
  for (std::size_t i = 0; i < request.winners.size(); ++i) {
    if (!(times.slowdowns[i][candidate] < not_measured)) continue;
    const std::string& key = request.winners[i].trial.context.situation.problem;
    Problem problem = problem_from_key(entry.op, key);
    std::vector<std::int64_t> dims;
    for (const std::size_t dim : compiled) dims.push_back(problem.dims[dim]);
    if (!seen.insert(std::move(dims)).second) continue;
    branches.push_back(
        {&kernel, std::move(problem), configuration_from(kernel.knobs, one.configuration)});
  }
  return branches;
}

// The candidates with the sizes of their code. A candidate without a size serves no problem.
struct Sized {
  Slowdowns slowdowns;
  std::vector<std::int64_t> bytes;
  bool is_complete = true;  // Every candidate has a size.
};

Sized sized(const MeasuredTimes& times, const EmitRequest& request, CodeSizes& sizes) {
  const std::set<std::size_t> chosen = sized_candidates(times);
  std::vector<Branch> branches;
  std::vector<std::size_t> candidate_of;
  for (const std::size_t candidate : chosen) {
    for (Branch& branch : branches_of(times, request, candidate)) {
      branches.push_back(std::move(branch));
      candidate_of.push_back(candidate);
    }
  }
  say(fmt::format("tune: asking NVRTC for the sizes of {} of {} configurations that were measured",
                  chosen.size(), times.candidates.size()));
  const std::vector<std::optional<std::int64_t>> known = sizes.of(branches);
  Sized all{times.slowdowns, std::vector<std::int64_t>(times.candidates.size(), 0)};
  std::set<std::size_t> unknown;
  for (std::size_t i = 0; i < times.candidates.size(); ++i) {
    if (!chosen.count(i)) unknown.insert(i);
  }
  for (std::size_t i = 0; i < known.size(); ++i) {
    all.bytes[candidate_of[i]] += known[i].value_or(0);
    if (!known[i]) unknown.insert(candidate_of[i]);
  }
  for (const std::size_t candidate : unknown) {
    for (std::vector<double>& row : all.slowdowns) row[candidate] = not_measured;
  }
  all.is_complete = unknown.empty();
  return all;
}

// Returns the size of all code of the header with these winners, and of the defaults' part.
SizedPortfolio with_defaults(const MeasuredTimes& times, const EmitRequest& request,
                             Portfolio portfolio, CodeSizes& sizes) {
  EmitRequest taken = request;
  take_members(times, portfolio, taken);
  Tuning tuning = tuning_of(taken);
  const auto bytes_of = [&] {
    std::int64_t sum = 0;
    for (const auto& one : sizes.of(compiled_branches(tuning))) sum += one.value_or(0);
    return sum;
  };
  SizedPortfolio result{std::move(portfolio), bytes_of(), 0, sizes.architecture()};
  tuning.fallbacks.clear();
  result.defaults = result.bytes - bytes_of();
  return result;
}

// Returns the smallest choice if it satisfies the wish, for searches that were cut short. Throws
// Error, which names its size, if it does not.
SizedPortfolio smallest_of(const MeasuredTimes& times, const EmitRequest& request,
                           const SizeWish& wish, const Sized& all, CodeSizes& sizes) {
  std::string which = all.is_complete ? "" : " of configurations whose size was asked";
  if (wish.worst > 0) which += fmt::format(" that loses at most {}", loss_text(wish.worst));
  Portfolio smallest =
      smallest_portfolio(all.slowdowns, wish.worst > 0 ? wish.worst : any_slowdown, all.bytes);
  if (smallest.members.empty()) {
    throw Error(
        fmt::format("--max-bytes {}: no choice{} serves all problems: leave --max-bytes out",
                    wish.most_bytes, which));
  }
  SizedPortfolio least = with_defaults(times, request, std::move(smallest), sizes);
  if (least.bytes > wish.most_bytes) {
    throw Error(
        fmt::format("--max-bytes {0}: the smallest choice{1} takes {2} bytes of code for {3}, {4} "
                    "of them for the defaults: ask for {2}",
                    wish.most_bytes, which, least.bytes, sizes.architecture(), least.defaults));
  }
  const std::size_t count = least.portfolio.members.size();
  if (count > wish.most) {
    throw Error(
        fmt::format("--kernels {} --max-bytes {}: no choice of so few configurations is so small; "
                    "the smallest one has {} in {} bytes: ask for more of them, or for more bytes",
                    wish.most, wish.most_bytes, count, least.bytes));
  }
  least.portfolio.is_optimal = false;
  return least;
}

}  // namespace

std::int64_t max_bytes_of(std::string_view text) {
  constexpr double largest = 1LL << 40;
  static const std::pair<std::string_view, double> units[] = {
      {"", 1},     {"B", 1},           {"kB", 1e3},        {"KB", 1e3},      {"MB", 1e6},
      {"GB", 1e9}, {"KiB", 1LL << 10}, {"kiB", 1LL << 10}, {"MiB", 1 << 20}, {"GiB", 1LL << 30}};
  double number = 0;
  const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), number);
  std::string_view unit(end, static_cast<std::size_t>(text.data() + text.size() - end));
  while (unit.starts_with(' ')) unit.remove_prefix(1);
  const auto* known = std::find_if(std::begin(units), std::end(units),
                                   [&](const auto& one) { return one.first == unit; });
  const double bytes = known == std::end(units) ? 0 : std::floor(number * known->second);
  if (fault != std::errc() || !(bytes >= 1) || bytes > largest) {
    throw Error(
        fmt::format("--max-bytes '{}': write a size such as 1MB, 500kB, 1MiB or 250000", text));
  }
  return static_cast<std::int64_t>(bytes);
}

SizedPortfolio portfolio_of_size(const MeasuredTimes& times, const EmitRequest& request,
                                 const SizeWish& wish, CodeSizes& sizes) {
  const Sized all = sized(times, request, sizes);
  PortfolioBudget budget{wish.most, all.bytes, wish.most_bytes};
  // Which defaults a header needs depends on the choice, so the room for them is found by trying.
  constexpr int most_tries = 8;
  for (int i = 0; i < most_tries && budget.most_bytes >= 0; ++i) {
    Portfolio portfolio = wish.worst > 0 ? portfolio_within(all.slowdowns, wish.worst, budget)
                                         : portfolio_of(all.slowdowns, budget);
    const bool serves = !portfolio.members.empty() && portfolio.worst < not_measured;
    if (!serves || (wish.worst > 0 && portfolio.worst > wish.worst)) break;
    SizedPortfolio one = with_defaults(times, request, std::move(portfolio), sizes);
    if (one.bytes <= wish.most_bytes) {
      // Without any loss none is better. Else a candidate without a size could be.
      const bool is_perfect = one.portfolio.mean <= 1;
      one.portfolio.is_optimal =
          is_perfect || (one.portfolio.is_optimal && all.is_complete && i == 0);
      return one;
    }
    const std::int64_t room = wish.most_bytes - one.defaults;
    budget.most_bytes = std::min(room, budget.most_bytes - 1);
  }
  return smallest_of(times, request, wish, all, sizes);
}

}  // namespace tw
