// Measures how good the strategies are on a folder of recorded spaces. docs/search.md explains how
// to read the output. Longer than 400 lines: each mode prints its own table.
//
//   bench_strategies FOLDER [--strategy NAME,...] [--seeds 50] [--most 400] [--threads 1]
//   bench_strategies FOLDER --certificate [--transfer] [--seeds 50] [--threads 1]
//   bench_strategies FOLDER --cross-validate [--seeds 50] [--most 400] [--threads 1]
//   bench_strategies FOLDER --in-flight [--strategy NAME,...] [--seeds 50] [--threads 1]
//   bench_strategies FOLDER --transfer [--seeds 50] [--most 400] [--threads 1]
//   bench_strategies FOLDER --model [--seeds 50] [--threads 1]
#include <fmt/format.h>

#include <charconv>
#include <exception>
#include <map>
#include <numeric>
#include <set>

#include "core/base/error.h"
#include "core/base/statistics.h"
#include "core/catalog/catalog.h"
#include "cross_validation.h"
#include "model_fit.h"
#include "parallel_search.h"
#include "recorded_runs.h"

namespace tw {
namespace {

std::vector<std::size_t> budgets{25, 50, 100, 200, 400};
// Returns whether searches are long enough for the performance score.
bool with_score() { return budgets.back() >= 400; }

struct Options {
  std::string folder;
  std::vector<std::string> names;
  int seeds = 50, threads = 1;
  bool certificate = false, cross_validate = false, transfer = false, model = false;
  bool in_flight = false;
};

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> parts;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    parts.emplace_back(text.substr(0, comma));
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return parts;
}

int count_of(const std::string& text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 1) {
    throw Error("'" + text + "': expected a positive number");
  }
  return value;
}

Options parse(const std::vector<std::string>& words) {
  Options options;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!words[i].starts_with("--")) {
      options.folder = words[i];
      continue;
    }
    const std::map<std::string, bool*> modes{{"--certificate", &options.certificate},
                                             {"--cross-validate", &options.cross_validate},
                                             {"--in-flight", &options.in_flight},
                                             {"--transfer", &options.transfer},
                                             {"--model", &options.model}};
    if (const auto mode = modes.find(words[i]); mode != modes.end()) {
      *mode->second = true;
      continue;
    }
    if (i + 1 == words.size()) throw Error(words[i] + " needs a value");
    const std::string& value = words[++i];
    if (words[i - 1] == "--strategy") {
      options.names = split(value);
    } else if (words[i - 1] == "--seeds") {
      options.seeds = count_of(value);
    } else if (words[i - 1] == "--most") {
      const auto most = static_cast<std::size_t>(count_of(value));
      std::erase_if(budgets, [most](std::size_t budget) { return budget > most; });
    } else if (words[i - 1] == "--threads") {
      options.threads = count_of(value);
    } else {
      throw Error(words[i - 1] +
                  ": expected --strategy, --certificate, --cross-validate, --transfer, --model, "
                  "--in-flight, --seeds, --most or --threads");
    }
  }
  if (options.folder.empty()) {
    throw Error("name a folder of recordings: bench_strategies FOLDER [--strategy NAME,...]");
  }
  if (options.names.empty()) {
    for (const StrategyInfo& info : strategies()) options.names.emplace_back(info.name);
  }
  return options;
}

void print_header() {
  fmt::print("{:<14} {:<52}", "strategy", "space");
  for (const std::size_t budget : budgets) fmt::print(" {:>7}", budget);
  fmt::print(" {:>7} {:>9}\n", "score", "us/eval");
}

void print_row(std::string_view strategy, std::string_view space,
               const std::vector<double>& columns) {
  fmt::print("{:<14} {:<52}", strategy, space);
  for (std::size_t i = 0; i + 2 < columns.size(); ++i) fmt::print(" {:>7.4f}", columns[i]);
  const double score = columns[columns.size() - 2];
  fmt::print(" {:>7} {:>9.1f}\n", with_score() ? fmt::format("{:.3f}", score) : "", columns.back());
  std::fflush(stdout);
}

// Returns the ratios at the budgets, the score, and the microseconds of ask and tell per
// evaluation.
std::vector<double> columns_of(const RecordedSpace& recorded, const std::vector<Run>& runs) {
  std::vector<double> columns;
  for (const std::size_t budget : budgets) columns.push_back(median_ratio(runs, budget));
  columns.push_back(with_score() ? performance_score(recorded, runs) : 0);
  double overhead_s = 0, evaluations = 0;
  for (const Run& run : runs) {
    overhead_s += run.overhead_s;
    evaluations += static_cast<double>(run.asked.size());
  }
  columns.push_back(overhead_s / evaluations * 1e6);
  return columns;
}

void bench_strategy(const std::vector<RecordedSpace>& spaces, const std::string& name,
                    const Options& options) {
  const MakeStrategy make = [&](const SearchSpace& space, std::uint64_t seed) {
    return make_strategy(name, space, seed);
  };
  std::vector<std::vector<double>> rows;
  for (const RecordedSpace& recorded : spaces) {
    const std::size_t budget = budgets.back();
    rows.push_back(columns_of(
        recorded, run_seeds(recorded, make, options.seeds, budget, with_score(), options.threads)));
    print_row(name, recorded.name, rows.back());
  }
  std::vector<double> means;
  for (std::size_t column = 0; column < rows.front().size(); ++column) {
    std::vector<double> values;
    for (const auto& row : rows) values.push_back(row[column]);
    const bool is_ratio = column < budgets.size();
    means.push_back(is_ratio ? geometric_mean(values)
                             : std::accumulate(values.begin(), values.end(), 0.0) /
                                   static_cast<double>(values.size()));
  }
  print_row(name, "all (geometric mean)", means);
}

void print_ratios(std::string_view name, const std::vector<double>& ratios) {
  fmt::print("{:<44}", name);
  for (const double ratio : ratios) fmt::print(" {:>7.4f}", ratio);
  fmt::print("\n");
  std::fflush(stdout);
}

void bench_cross_validation(const std::vector<RecordedSpace>& spaces, const Options& options) {
  const std::vector<Variant> variants = variants_of_auto();
  fmt::print("{:<44}", "auto, geometric mean of all spaces");
  for (const std::size_t budget : budgets) fmt::print(" {:>7}", budget);
  fmt::print("\n");
  std::vector<Ratios> by_variant;
  for (const Variant& variant : variants) {
    const MakeStrategy make = [&](const SearchSpace& space, std::uint64_t seed) {
      return make_auto(space, seed, variant.settings);
    };
    Ratios& ratios = by_variant.emplace_back();
    for (const RecordedSpace& recorded : spaces) {
      const auto runs =
          run_seeds(recorded, make, options.seeds, budgets.back(), false, options.threads);
      std::vector<double>& medians = ratios.emplace_back();
      for (const std::size_t budget : budgets) medians.push_back(median_ratio(runs, budget));
    }
    std::vector<double> means;
    for (std::size_t budget = 0; budget < budgets.size(); ++budget) {
      std::vector<double> values;
      for (const std::vector<double>& medians : ratios) values.push_back(medians[budget]);
      means.push_back(geometric_mean(values));
    }
    print_ratios(variant.name, means);
  }
  fmt::print("\nleft out, with what is best on the others\n");
  std::vector<std::vector<double>> held_out(budgets.size());
  for (const LeftOut& out : cross_validate(spaces, by_variant)) {
    print_ratios(fmt::format("{}: {}", out.family, variants[out.chosen].name), out.ratios);
    const auto members = std::count_if(spaces.begin(), spaces.end(), [&](const RecordedSpace& s) {
      return s.family == out.family;
    });
    for (std::size_t i = 0; i < budgets.size(); ++i) {
      held_out[i].insert(held_out[i].end(), static_cast<std::size_t>(members), out.ratios[i]);
    }
  }
  std::vector<double> means;
  for (const std::vector<double>& values : held_out) means.push_back(geometric_mean(values));
  print_ratios("all spaces, each left out", means);
}

// Returns what a search of 200 evaluations on one device says of the configurations of another.
std::vector<Evaluation> found_elsewhere(const RecordedSpace& from, const RecordedSpace& to,
                                        std::uint64_t seed) {
  constexpr std::size_t searched = 200;
  const MakeStrategy make = [](const SearchSpace& space, std::uint64_t any) {
    return make_strategy("auto", space, any);
  };
  const Run run = run_strategy(from, make, seed + 1000,
                               [](const Run& so_far) { return so_far.asked.size() >= searched; });
  std::vector<Evaluation> found;
  for (const std::size_t asked : run.asked) {
    const std::string text = text_of(from.space.knobs(), from.space[asked]);
    const auto index = to.space.find(configuration_from(to.space.knobs(), text));
    if (index) found.push_back({*index, from.time_ns[asked]});
  }
  return found;
}

// How auto starts on a space: with nothing, or with what was found on another space.
struct Start {
  const RecordedSpace* to;
  const RecordedSpace* from;  // nullptr: with nothing

  std::string name() const { return from ? to->name + " of " + from->name : to->name; }
  std::unique_ptr<Strategy> operator()(const SearchSpace& space, std::uint64_t seed) const {
    auto strategy = make_strategy("auto", space, seed);
    if (from) strategy->learn(found_elsewhere(*from, *to, seed));
    return strategy;
  }
};

std::vector<Start> starts(const std::vector<RecordedSpace>& spaces, bool transfer) {
  std::vector<Start> all;
  for (const RecordedSpace& to : spaces) {
    all.push_back({&to, nullptr});
    for (const RecordedSpace& from : spaces) {
      if (transfer && &from != &to && from.family == to.family) all.push_back({&to, &from});
    }
  }
  return all;
}

void bench_transfer(const std::vector<RecordedSpace>& spaces, const Options& options) {
  budgets.insert(budgets.begin(), {4, 8, 16});
  print_header();
  for (const Start& start : starts(spaces, true)) {
    const auto runs =
        run_seeds(*start.to, start, options.seeds, budgets.back(), with_score(), options.threads);
    print_row(start.from ? "learned" : "from nothing", start.name(), columns_of(*start.to, runs));
  }
}

void print_certificate_header() {
  fmt::print("{:<52} {:>8} {:>16}\n", "space", "true", "of the space");
}
void print_certificate(std::string_view name, const Stopped& stopped) {
  fmt::print("{:<52} {:>6.1f} % {:>14.1f} %\n", name, 100 * stopped.is_true, 100 * stopped.share);
  std::fflush(stdout);
}

// Prints how often the statement of --budget auto is true, and how much of a space it evaluates.
void bench_certificate(const std::vector<RecordedSpace>& spaces, const Options& options) {
  print_certificate_header();
  for (const Start& start : starts(spaces, options.transfer)) {
    print_certificate(start.name(),
                      run_until_certain(*start.to, start, options.seeds, options.threads));
  }
}

void print_constants(std::string_view name, const ModelConstants& c) {
  fmt::print(
      "{:<28} {:>5.2f} {:>6.2f} {:>5.2f} {:>6.2f} {:>5.2f} {:>5.2f} {:>6.1f} {:>6.0f} {:>5.0f} "
      "{:>6.2f}\n",
      name, c.fma, c.tensor, c.issue, c.shared, c.l2, c.dram, c.warps, c.round_ns, c.step_ns,
      c.sharpness);
  std::fflush(stdout);
}

// Makes auto for one of our own recordings, with the forecasts of its kernel.
MakeStrategy with_forecasts(const Forecast& forecast, const ModelConstants& constants) {
  return [&forecast, constants](const SearchSpace& space, std::uint64_t seed) {
    auto strategy = make_strategy("auto", space, seed);
    const auto model = std::make_shared<TimeModel>(forecast.model(constants));
    strategy->expect([model, &space](std::size_t index) { return model->time_ns(space[index]); });
    return strategy;
  };
}

using ConstantsByFamily = std::map<std::string, ModelConstants>;

// Returns, for each family of recordings, the constants fitted to all other families.
ConstantsByFamily fit_without_each(const std::vector<std::unique_ptr<Forecast>>& forecasts) {
  fmt::print("{:<28} {:>5} {:>6} {:>5} {:>6} {:>5} {:>5} {:>6} {:>6} {:>5} {:>6}\n",
             "constants fitted without", "fma", "tensor", "issue", "shared", "l2", "dram", "warps",
             "round", "step", "sharp");
  print_constants("(as they are)", {});
  const auto fitted_without = [&](const std::string& family) {
    std::vector<const Forecast*> others;
    for (const auto& one : forecasts) {
      if (one->recorded().family != family) others.push_back(one.get());
    }
    const ModelConstants constants = others.empty() ? ModelConstants{} : fit(others);
    print_constants(family.empty() ? "(nothing)" : family, constants);
    return constants;
  };
  fitted_without("");
  ConstantsByFamily constants;
  for (const auto& one : forecasts) {
    const std::string& family = one->recorded().family;
    if (!constants.contains(family)) constants[family] = fitted_without(family);
  }
  return constants;
}

// Prints how good the forecasts of our kernels' models are. The constants are fitted without the
// recordings of the kernel that is judged.
void bench_model(const std::vector<RecordedSpace>& spaces, const Options& options) {
  const Catalog catalog = Catalog::load(builtin_spaces(), builtin_sources());
  std::vector<std::unique_ptr<Forecast>> forecasts;
  for (const RecordedSpace& recorded : spaces) {
    if (auto forecast = Forecast::of(catalog, recorded)) forecasts.push_back(std::move(forecast));
  }
  if (forecasts.empty()) throw Error(options.folder + ": no recording of a kernel with a [model]");
  fmt::print("{:<28} {:>10} {:>10}\n", "proofs", "least/time", "pruned");
  for (const auto& one : forecasts) {
    const Proven its = proven(*one);
    fmt::print("{:<28} {:>10.3f} {:>8.1f} %\n", one->recorded().name, its.most, 100 * its.share);
  }

  fmt::print("\n");
  std::fflush(stdout);
  ConstantsByFamily constants = fit_without_each(forecasts);

  fmt::print("\n{:<28} {:>7} {:>8} {:>8} {:>8}\n", "forecasts", "size", "misfit", "best 16",
             "best 64");
  for (const auto& one : forecasts) {
    const RecordedSpace& recorded = one->recorded();
    const ModelConstants& its = constants[recorded.family];
    fmt::print("{:<28} {:>7} {:>8.3f} {:>8.4f} {:>8.4f}\n", recorded.name, recorded.space.size(),
               misfit(*one, its), best_of_forecasts(*one, its, 16),
               best_of_forecasts(*one, its, 64));
  }

  fmt::print("\n");
  budgets = {4, 8, 16, 32, 64, 128};
  print_header();
  for (const auto& one : forecasts) {
    const RecordedSpace& recorded = one->recorded();
    const auto print = [&](std::string_view name, const MakeStrategy& make) {
      const auto runs =
          run_seeds(recorded, make, options.seeds, budgets.back(), false, options.threads);
      print_row(name, recorded.name, columns_of(recorded, runs));
    };
    print("from nothing", Start{&recorded, nullptr});
    print("forecast", with_forecasts(*one, constants[recorded.family]));
  }

  fmt::print("\n");
  print_certificate_header();
  for (const auto& one : forecasts) {
    const RecordedSpace& recorded = one->recorded();
    print_certificate(recorded.name,
                      run_until_certain(recorded, with_forecasts(*one, constants[recorded.family]),
                                        options.seeds, options.threads));
  }
}

void bench(const Options& options) {
  const std::vector<RecordedSpace> spaces = read_spaces(options.folder);
  if (options.certificate) {
    bench_certificate(spaces, options);
    return;
  }
  if (options.transfer) {
    bench_transfer(spaces, options);
    return;
  }
  if (options.model) {
    bench_model(spaces, options);
    return;
  }
  if (options.in_flight) {
    for (const std::string& name : options.names) {
      bench_in_flight(spaces, name, options.seeds, options.threads);
    }
    return;
  }
  if (options.cross_validate) {
    bench_cross_validation(spaces, options);
    return;
  }
  print_header();
  for (const std::string& name : options.names) bench_strategy(spaces, name, options);
}

}  // namespace
}  // namespace tw

int main(int argc, char** argv) {
  try {
    tw::bench(tw::parse({argv + 1, argv + argc}));
  } catch (const std::exception& error) {
    fmt::print(stderr, "bench_strategies: {}\n", error.what());
    return 2;
  }
  return 0;
}
