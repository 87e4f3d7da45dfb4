// Measures how fast search spaces are built and constraints are evaluated. The eight spaces are
// those for which others publish their times (tests/data/published). For times to quote, run each
// space in its own process several times and take the best:
// space_bench --benchmark_filter=build/hotspot --benchmark_min_time=0
#include <benchmark/benchmark.h>

#include <cstdint>
#include <exception>
#include <fstream>
#include <iostream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

#include "core/base/error.h"
#include "core/space/space.h"
#include "core/spec/spec.h"
#include "unit/support/paths.h"

namespace {

struct Published {
  const char* name;
  std::size_t valid;  // number of valid configurations
};
constexpr Published kPublished[] = {
    {"dedispersion", 11130}, {"expdist", 504000}, {"hotspot", 349853}, {"gemm", 116928},
    {"microhh", 138600},     {"prl2x2", 1200},    {"prl4x4", 10800},   {"prl8x8", 48720}};

tw::BareSpace read_space(const std::string& name) {
  const std::string path = tw::test_data("published/" + name + ".toml");
  std::ifstream file(path);
  if (!file) throw tw::Error(path + ": cannot be read");
  std::stringstream text;
  text << file.rdbuf();
  return tw::parse_bare_space(text.str(), path);
}

struct Totals {
  double valid = 0, combinations = 0, bytes = 0;
};

// Builds one space. Returns false, after SkipWithError, if its size is wrong.
bool build(benchmark::State& state, const tw::BareSpace& space, std::size_t valid, Totals& totals) {
  const tw::SearchSpace built = tw::SearchSpace::enumerate(space.knobs, space.require, 0, {});
  totals.valid += static_cast<double>(built.size());
  totals.combinations += built.cartesian_size();
  totals.bytes += static_cast<double>(built.memory_bytes());
  if (built.size() == valid) return true;
  state.SkipWithError(
      (std::to_string(built.size()) + " valid, expected " + std::to_string(valid)).c_str());
  return false;
}

void show(benchmark::State& state, const Totals& totals) {
  state.counters["valid"] = totals.valid;
  state.counters["combinations"] = totals.combinations;
  state.counters["bytes"] = totals.bytes;
}

void build_one(benchmark::State& state, const tw::BareSpace& space, std::size_t valid) {
  Totals totals;
  for (auto _ : state) {
    totals = {};
    if (!build(state, space, valid, totals)) return;
  }
  show(state, totals);
}

void build_all(benchmark::State& state, const std::vector<tw::BareSpace>& spaces) {
  Totals totals;
  for (auto _ : state) {
    totals = {};
    for (std::size_t i = 0; i < spaces.size(); ++i) {
      if (!build(state, spaces[i], kPublished[i].valid, totals)) return;
    }
  }
  show(state, totals);
}

// Measures the reading of a specification with its expressions.
void parse(benchmark::State& state) {
  const std::string path = tw::test_data("published/prl8x8.toml");
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  for (auto _ : state) benchmark::DoNotOptimize(tw::parse_bare_space(text.str(), path));
}

// Measures one evaluation of a constraint, over different configurations.
void evaluate(benchmark::State& state, const tw::BareSpace& space,
              const tw::Constraint& constraint) {
  constexpr std::size_t kConfigurations = 1024;
  std::mt19937 random(1);
  std::vector<std::vector<std::int64_t>> slots(kConfigurations);
  for (std::vector<std::int64_t>& configuration : slots) {
    for (const tw::Knob& knob : space.knobs) {
      configuration.push_back(knob.values[random() % knob.values.size()]);
    }
  }
  for (auto _ : state) {
    bool any = false;
    for (const std::vector<std::int64_t>& configuration : slots) {
      any |= constraint.expr.holds(configuration);
    }
    benchmark::DoNotOptimize(any);
  }
  state.counters["time_per_evaluation"] = benchmark::Counter(
      static_cast<double>(kConfigurations),
      benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  state.SetLabel(constraint.expr.text());
}

void register_all(const std::vector<tw::BareSpace>& spaces) {
  for (std::size_t i = 0; i < spaces.size(); ++i) {
    const std::string name = kPublished[i].name;
    const std::size_t valid = kPublished[i].valid;
    benchmark::RegisterBenchmark(("build/" + name).c_str(), [&spaces, i, valid](auto& state) {
      build_one(state, spaces[i], valid);
    })->Unit(benchmark::kMillisecond);
  }
  benchmark::RegisterBenchmark("build/all", [&spaces](auto& state) {
    build_all(state, spaces);
  })->Unit(benchmark::kMillisecond);
  benchmark::RegisterBenchmark("parse/prl8x8", parse);
  for (std::size_t i = 0; i < spaces.size(); ++i) {
    for (std::size_t c = 0; c < spaces[i].require.size(); ++c) {
      const std::string name = std::string("evaluate/") + kPublished[i].name + '/';
      benchmark::RegisterBenchmark(
          (name + std::to_string(c)).c_str(),
          [&spaces, i, c](auto& state) { evaluate(state, spaces[i], spaces[i].require[c]); });
    }
  }
}

}  // namespace

int main(int argc, char** argv) {
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  std::vector<tw::BareSpace> spaces;
  try {
    for (const Published& published : kPublished) spaces.push_back(read_space(published.name));
  } catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 2;
  }
  register_all(spaces);
  benchmark::RunSpecifiedBenchmarks();
}
