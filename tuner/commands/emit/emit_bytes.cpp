#include "commands/emit/emit_bytes.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <map>
#include <numeric>
#include <set>

#include "commands/emit/emit_portfolio.h"
#include "core/base/error.h"
#include "core/space/space.h"
#include "emit/tuning/given_kernel.h"
#include "ui/output.h"

namespace tw {
namespace {

// To compile more takes minutes if the code is not cached.
constexpr std::size_t most_sized = 256;
constexpr std::size_t most_of_each = 32;  // codes for a problem
constexpr double any_slowdown = std::numeric_limits<double>::max();

// The code of a candidate for a problem: the index of the candidate, and the values of the dims
// that the code contains. It is a branch of the header if a problem takes it.
using Code = std::pair<std::size_t, std::vector<std::int64_t>>;

// Knows the code of each candidate for each problem of the request.
class Codes {
 public:
  Codes(const MeasuredTimes& times, const EmitRequest& request) : times_(times) {
    const OpEntry& entry = request.catalog->at(request.op);
    for (const Winner& winner : request.winners) {
      problems_.push_back(problem_from_key(entry.op, winner.trial.context.situation.problem));
    }
    for (const KernelSpec& kernel : entry.kernels) {
      kernels_[kernel.name] = {&kernel, compiled_dims(*request.catalog, kernel)};
    }
  }

  const MeasuredTimes& times() const { return times_; }
  Code of(std::size_t problem, std::size_t candidate) const {
    Code code{candidate, {}};
    for (const std::size_t dim : kernels_.at(times_.candidates[candidate].kernel).compiled) {
      code.second.push_back(problems_[problem].dims[dim]);
    }
    return code;
  }
  bool serves(const Code& code, std::size_t problem) const {
    return times_.slowdowns[problem][code.first] < not_measured && of(problem, code.first) == code;
  }
  Branch branch(const Code& code) const {
    std::size_t problem = 0;
    while (!serves(code, problem)) ++problem;
    const Candidate& one = times_.candidates[code.first];
    const KernelSpec* kernel = kernels_.at(one.kernel).spec;
    return {kernel, problems_[problem], configuration_from(kernel->knobs, one.configuration)};
  }

 private:
  struct Kernel {
    const KernelSpec* spec = nullptr;
    std::vector<std::size_t> compiled;
  };

  const MeasuredTimes& times_;
  std::vector<Problem> problems_;
  std::map<std::string, Kernel> kernels_;
};

// Returns the codes whose sizes count: those with which a few configurations serve all problems,
// and the fastest ones for each problem. They are at most `most_sized`, or two for each problem if
// this is more.
std::set<Code> sized_codes(const Codes& codes) {
  const Slowdowns& slowdowns = codes.times().slowdowns;
  const std::size_t problems = slowdowns.size();
  const std::size_t most = std::max(most_sized, 2 * problems);
  std::set<Code> chosen;
  const auto add = [&](std::size_t problem, std::size_t candidate) {
    if (chosen.size() < most) chosen.insert(codes.of(problem, candidate));
  };
  std::vector<std::vector<std::size_t>> fastest;  // [problem]: candidates
  for (std::size_t i = 0; i < problems; ++i) {
    const std::vector<double>& row = slowdowns[i];
    std::vector<std::size_t>& order = fastest.emplace_back(row.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return row[a] < row[b]; });
    std::erase_if(order, [&](std::size_t candidate) { return !(row[candidate] < not_measured); });
    add(i, order.front());
  }
  for (std::size_t count = 1; count <= std::min<std::size_t>(problems, 16); count *= 2) {
    const Portfolio few = portfolio_of(slowdowns, count);
    for (std::size_t i = 0; i < few.choice.size(); ++i) add(i, few.choice[i]);
  }
  for (std::size_t place = 1; place < most_of_each; ++place) {
    for (std::size_t i = 0; i < problems; ++i) {
      if (place < fastest[i].size()) add(i, fastest[i][place]);
    }
  }
  return chosen;
}

// The codes with their sizes, as columns of slowdowns.
struct Sized {
  Slowdowns slowdowns;
  std::vector<std::size_t> candidates;  // of each column
  PortfolioBudget budget;               // with the sizes of the codes, and without limits
  bool is_complete = false;             // Every code that was measured is a column.
};

Sized sized(const Codes& codes, CodeSizes& sizes) {
  const MeasuredTimes& times = codes.times();
  const std::set<Code> chosen = sized_codes(codes);
  std::vector<Branch> branches;
  for (const Code& code : chosen) branches.push_back(codes.branch(code));
  std::set<Code> measured;
  for (std::size_t i = 0; i < times.slowdowns.size(); ++i) {
    for (std::size_t j = 0; j < times.candidates.size(); ++j) {
      if (times.slowdowns[i][j] < not_measured) measured.insert(codes.of(i, j));
    }
  }
  std::set<std::size_t> candidates;
  for (const Code& code : chosen) candidates.insert(code.first);
  say(fmt::format("tune: asking NVRTC for the sizes of {} of {} configurations that were measured",
                  candidates.size(), times.candidates.size()));
  const std::vector<std::optional<std::int64_t>> known = sizes.of(branches);
  Sized all;
  all.slowdowns.resize(times.slowdowns.size());
  std::size_t at = 0;
  for (const Code& code : chosen) {
    const std::optional<std::int64_t> bytes = known[at++];
    if (!bytes) continue;
    all.budget.bytes.push_back(*bytes);
    all.candidates.push_back(code.first);
    for (std::size_t i = 0; i < all.slowdowns.size(); ++i) {
      all.slowdowns[i].push_back(codes.serves(code, i) ? times.slowdowns[i][code.first]
                                                       : not_measured);
    }
  }
  if (chosen.size() > candidates.size()) all.budget.configuration = all.candidates;
  all.is_complete = all.candidates.size() == measured.size();
  return all;
}

// Returns the portfolio of candidates for one of codes.
Portfolio of_candidates(const Sized& all, Portfolio portfolio) {
  std::set<std::size_t> members;
  for (std::size_t& one : portfolio.choice) {
    one = all.candidates[one];
    members.insert(one);
  }
  portfolio.members.assign(members.begin(), members.end());
  return portfolio;
}

// Returns the choice with the size of all code of the header, and of the defaults' part. Returns
// nothing if the code of a member does not compile.
std::optional<SizedPortfolio> with_defaults(const MeasuredTimes& times, const EmitRequest& request,
                                            Portfolio portfolio, CodeSizes& sizes) {
  EmitRequest taken = request;
  take_members(times, portfolio, taken);
  Tuning tuning = tuning_of(taken);
  const auto sum_of = [](const std::vector<std::optional<std::int64_t>>& all) {
    std::int64_t sum = 0;
    for (const auto& one : all) sum += one.value_or(0);
    return sum;
  };
  const std::int64_t bytes = sum_of(sizes.of(compiled_branches(tuning)));
  tuning.fallbacks.clear();
  const auto of_members = sizes.of(compiled_branches(tuning));
  if (std::find(of_members.begin(), of_members.end(), std::nullopt) != of_members.end()) {
    return std::nullopt;
  }
  return SizedPortfolio{std::move(portfolio), bytes, bytes - sum_of(of_members),
                        sizes.architecture()};
}

// Returns whether no choice can be better, since the aim is the loss and there is none. With
// --max-regret the aim is the fewest configurations.
bool loses_nothing(const SizeWish& wish, const Portfolio& portfolio) {
  return wish.worst == 0 && portfolio.mean <= 1;
}

// Returns the smallest choice of at most so many configurations; nothing if there is none.
std::optional<SizedPortfolio> smallest_with(const MeasuredTimes& times, const EmitRequest& request,
                                            const SizeWish& wish, const Sized& all,
                                            CodeSizes& sizes, std::size_t most) {
  PortfolioBudget budget = all.budget;
  budget.most = most;
  Portfolio smallest =
      smallest_portfolio(all.slowdowns, wish.worst > 0 ? wish.worst : any_slowdown, budget);
  if (smallest.members.empty()) return std::nullopt;
  return with_defaults(times, request, of_candidates(all, std::move(smallest)), sizes);
}

// Returns the smallest choice if it satisfies the wish, for searches that were cut short. Throws
// Error, which names its size, if it does not.
SizedPortfolio smallest_of(const MeasuredTimes& times, const EmitRequest& request,
                           const SizeWish& wish, const Sized& all, CodeSizes& sizes) {
  std::string which = all.is_complete ? "" : " of configurations whose size was asked";
  if (wish.worst > 0) which += fmt::format(" that loses at most {}", loss_text(wish.worst));
  std::optional<SizedPortfolio> least =
      smallest_with(times, request, wish, all, sizes, std::numeric_limits<std::size_t>::max());
  if (!least) {
    throw Error(
        fmt::format("--max-bytes {}: no choice{} serves all problems: leave --max-bytes out",
                    wish.most_bytes, which));
  }
  if (least->bytes > wish.most_bytes) {
    throw Error(
        fmt::format("--max-bytes {0}: the smallest choice{1} takes {2} bytes of code for {3}, {4} "
                    "of them for the defaults: ask for {2}",
                    wish.most_bytes, which, least->bytes, sizes.architecture(), least->defaults));
  }
  const std::size_t count = least->portfolio.members.size();
  if (count > wish.most) {
    std::optional<SizedPortfolio> few = smallest_with(times, request, wish, all, sizes, wish.most);
    if (!few || few->bytes > wish.most_bytes) {
      throw Error(fmt::format(
          "--kernels {} --max-bytes {}: no choice of so few configurations is so small; "
          "the smallest one has {} in {} bytes: ask for more of them, or for more bytes",
          wish.most, wish.most_bytes, count, least->bytes));
    }
    least = std::move(few);
  }
  least->portfolio.is_optimal = loses_nothing(wish, least->portfolio);
  return *least;
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
  const auto choice = [&](const Slowdowns& slowdowns, const PortfolioBudget& budget) {
    Portfolio one = wish.worst > 0 ? portfolio_within(slowdowns, wish.worst, budget)
                                   : portfolio_of(slowdowns, budget);
    const double worst = wish.worst > 0 ? wish.worst : any_slowdown;
    return one.members.empty() || one.worst > worst ? std::nullopt : std::optional(std::move(one));
  };
  if (auto unlimited = choice(times.slowdowns, {.most = wish.most})) {
    const auto one = with_defaults(times, request, std::move(*unlimited), sizes);
    if (one && one->bytes <= wish.most_bytes) return *one;
  }
  const Sized all = sized(Codes(times, request), sizes);
  PortfolioBudget budget = all.budget;
  budget.most = wish.most;
  budget.most_bytes = wish.most_bytes;
  // Which defaults a header needs depends on the choice, so the room for them is found by trying.
  constexpr int most_tries = 8;
  for (int i = 0; i < most_tries && budget.most_bytes >= 0; ++i) {
    auto portfolio = choice(all.slowdowns, budget);
    if (!portfolio) break;
    SizedPortfolio one =
        with_defaults(times, request, of_candidates(all, std::move(*portfolio)), sizes).value();
    if (one.bytes <= wish.most_bytes) {
      // A code without a size could be better, and so could a choice with fewer defaults.
      const bool is_best = one.portfolio.is_optimal && all.is_complete && i == 0;
      one.portfolio.is_optimal = is_best || loses_nothing(wish, one.portfolio);
      return one;
    }
    const std::int64_t room = wish.most_bytes - one.defaults;
    budget.most_bytes = std::min(room, budget.most_bytes - 1);
  }
  return smallest_of(times, request, wish, all, sizes);
}

}  // namespace tw
