#include "commands/emit/emit_portfolio.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "commands/emit/emit_bytes.h"
#include "core/base/error.h"
#include "core/types/device_info.h"
#include "emit/portfolio/measured.h"
#include "emit/tuning/tuning.h"
#include "options/filter_options.h"

namespace tw {
namespace {

constexpr std::int64_t most_kernels = 1000;

// Returns the value of --max-regret as a factor: 1.05 for "5%".
double worst_of(const Arguments& arguments) {
  const std::string text = arguments.text("max-regret");
  std::string_view number = text;
  if (number.ends_with('%')) number.remove_suffix(1);
  double percent = 0;
  const auto [end, fault] = std::from_chars(number.data(), number.data() + number.size(), percent);
  const bool good = fault == std::errc() && end == number.data() + number.size() && percent >= 0 &&
                    percent <= 1000;
  if (!good) {
    throw Error(
        fmt::format("--max-regret '{}': write a percentage from 0% to 1000%, such as 5%", text));
  }
  return 1 + percent / 100;
}

// Returns the value of --kernels. Throws Error if so few configurations cannot serve all winners.
std::size_t most_of(const Arguments& arguments, const MeasuredTimes& times) {
  const auto most = static_cast<std::size_t>(arguments.integer("kernels", 8, 1, most_kernels));
  const std::size_t groups = times.groups();
  if (most >= groups) return most;
  throw Error(
      fmt::format("--kernels {}: the winners have {} combinations of dtype, math, "
                  "epilogue and choices, and each needs a configuration: ask for {}",
                  most, groups, groups));
}

Portfolio chosen(const Arguments& arguments, const MeasuredTimes& times) {
  if (!arguments.has("kernels")) return portfolio_within(times.slowdowns, worst_of(arguments));
  const std::size_t most = most_of(arguments, times);
  Portfolio portfolio = portfolio_of(times.slowdowns, most);
  if (!portfolio.members.empty()) return portfolio;
  const Portfolio least = portfolio_within(times.slowdowns, std::numeric_limits<double>::max());
  throw Error(
      fmt::format("--kernels {}: {} configurations that were measured on all problems were not "
                  "found; {} can serve them: ask for as many",
                  most, most, least.members.size()));
}

// Chooses by --max-bytes. Throws Error if the sizes cannot be known here.
SizedPortfolio chosen_by_size(const Arguments& arguments, const MeasuredTimes& times,
                              const CompileForGpus& compile, const EmitRequest& request) {
  SizeWish wish{.most_bytes = max_bytes_of(arguments.text("max-bytes"))};
  if (arguments.has("kernels")) wish.most = most_of(arguments, times);
  if (arguments.has("max-regret")) wish.worst = worst_of(arguments);
  const int cc = tuning_of(request).device.cc;
  const auto with_remedy = [&](const std::vector<GpuProgram>& programs) {
    try {
      return compile(programs);
    } catch (const Error& error) {
      throw Error(
          fmt::format("--max-bytes needs NVRTC, which compiles configurations to know their sizes: "
                      "{}; or limit their number with --kernels",
                      error.what()));
    }
  };
  CodeSizes sizes(*request.catalog, architecture_of(cc), with_remedy);
  return portfolio_of_size(times, request, wish, sizes);
}

// Returns ", 81234 bytes of code for sm_90a (7000 of them are defaults)".
std::string size_text(const SizedPortfolio& sized) {
  return fmt::format(", {} bytes of code for {} ({} of them for defaults)", sized.bytes,
                     sized.architecture, sized.defaults);
}

}  // namespace

std::string loss_text(double slowdown) { return fmt::format("{:.3g} %", 100 * (slowdown - 1)); }

std::vector<Flag> portfolio_flags() {
  return {{"kernels", "N",
           "the most configurations of winners in the header. Those are chosen whose measured "
           "slowdown against the fastest, over all problems, is least at worst, then on the mean"},
          {"max-regret", "P%",
           "the fewest configurations whose measured slowdown is at most P percent on each "
           "problem"},
          {"max-bytes", "SIZE",
           "the most code of configurations and defaults, compiled for the winners' GPU: 1MB, "
           "500kB, 1MiB, 250000. Within it the measured slowdown is least at worst, then on the "
           "mean; also with --kernels or --max-regret"}};
}

bool asks_portfolio(const Arguments& arguments) {
  const bool asks =
      arguments.has("kernels") || arguments.has("max-regret") || arguments.has("max-bytes");
  if (arguments.has("kernels") && arguments.has("max-regret")) {
    throw Error("--kernels and --max-regret: give one of them");
  }
  const Objective objective = objective_of(arguments);
  if (asks && objective != Objective::time) {
    throw Error(
        fmt::format("--kernels, --max-regret and --max-bytes choose by times: remove them, or "
                    "--objective {}",
                    name_of(objective)));
  }
  if (arguments.has("max-bytes")) max_bytes_of(arguments.text("max-bytes"));
  return asks;
}

void add_slowdowns(const Store& store, EmitRequest& request) {
  if (request.winners.empty()) return;
  const MeasuredTimes times =
      measured_times(store, request.catalog->at(request.op), request.winners, request.objective);
  for (std::size_t i = 0; i < request.winners.size(); ++i) {
    auto& known = request.slowdowns[request.winners[i].trial.context.situation.problem];
    for (std::size_t j = 0; j < times.candidates.size(); ++j) {
      const double slowdown = times.slowdowns[i][j];
      if (slowdown >= not_measured) continue;
      known[fmt::format("{}: {}", times.candidates[j].kernel, times.candidates[j].configuration)] =
          slowdown;
    }
  }
  const Trial& trial = request.winners.front().trial;
  for (const StoredRun& run : store.runs()) {
    if (run.id == trial.run) request.device = device_of(run.info, trial.context.situation);
  }
}

void take_members(const MeasuredTimes& times, const Portfolio& portfolio, EmitRequest& request) {
  for (std::size_t i = 0; i < request.winners.size(); ++i) {
    const std::size_t member = portfolio.choice[i];
    Winner& winner = request.winners[i];
    const Trial& trial = times.trials[i][static_cast<std::size_t>(times.trial_of[i][member])];
    if (trial.id == winner.trial.id) continue;
    const Trial& fastest = winner.trial;
    request.slower[fastest.context.situation.problem] = {
        times.slowdowns[i][member],
        fmt::format("{}: {}", fastest.context.code.kernel, fastest.configuration)};
    winner.raced = trial.kind == TrialKind::race;
    winner.tied.clear();
    winner.trial = trial;
  }
}

std::string take_portfolio(const Arguments& arguments, const std::string& database,
                           const CompileForGpus& compile, EmitRequest& request) {
  const Store store = Store::open(database, Store::Mode::read_only);
  const OpEntry& entry = request.catalog->at(request.op);
  const MeasuredTimes times = measured_times(store, entry, request.winners);
  SizedPortfolio sized;
  if (arguments.has("max-bytes")) {
    sized = chosen_by_size(arguments, times, compile, request);
  } else {
    sized.portfolio = chosen(arguments, times);
  }
  const Portfolio& portfolio = sized.portfolio;
  std::size_t worst = 0;
  for (std::size_t i = 0; i < request.winners.size(); ++i) {
    const double slowdown = times.slowdowns[i][portfolio.choice[i]];
    if (slowdown > times.slowdowns[worst][portfolio.choice[worst]]) worst = i;
  }
  take_members(times, portfolio, request);
  request.portfolio = fmt::format(
      "{} configuration{} for {} problem{}{}; measured slowdown against the fastest of each: mean "
      "{}, worst {} ({}){}",
      portfolio.members.size(), portfolio.members.size() == 1 ? "" : "s", request.winners.size(),
      request.winners.size() == 1 ? "" : "s", sized.bytes > 0 ? size_text(sized) : "",
      loss_text(portfolio.mean), loss_text(portfolio.worst),
      request.winners[worst].trial.context.situation.problem,
      portfolio.is_optimal ? "" : "; a better choice may exist");
  return request.portfolio;
}

}  // namespace tw
