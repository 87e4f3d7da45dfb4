// Measures how long an emitted header takes to choose a branch: eight configurations, 24 tuned
// problems.
#include <benchmark/benchmark.h>

#include "selected_portfolio.h"
#include "unit/support/h200.h"

namespace {

namespace header = selected_portfolio;
namespace dispatch = selected_portfolio_dispatch;

// The argument is m; n = 4096 and k = 1024.
void choose(benchmark::State& state) {
  const dispatch::Device device = tw::h200<dispatch::Device>();
  header::Query query = header::rows[0].query;
  query.problem.n = query.problem.ldc = 4096;
  query.problem.k = query.problem.lda = query.problem.ldb = 1024;
  std::int64_t m = state.range(0);
  for (auto _ : state) {
    benchmark::DoNotOptimize(m);
    query.problem.m = m;
    const dispatch::Choice choice = dispatch::choose_branch<header::Selector>(query, device);
    benchmark::DoNotOptimize(choice);
  }
}
BENCHMARK(choose)->Arg(256)->Arg(100)->Arg(1000)->Arg(8000);

// A program calls sixteen problems in turn, none of them tuned.
void choose_again(benchmark::State& state) {
  const dispatch::Device device = tw::h200<dispatch::Device>();
  header::Query query = header::rows[0].query;
  query.problem.n = query.problem.ldc = 4096;
  query.problem.k = query.problem.lda = query.problem.ldb = 1024;
  std::int64_t call = 0;
  for (auto _ : state) {
    query.problem.m = 100 + call++ % 16;
    const dispatch::Choice choice = dispatch::recent_choice<header::Selector>(query, device);
    benchmark::DoNotOptimize(choice);
  }
}
BENCHMARK(choose_again);

}  // namespace

BENCHMARK_MAIN();
