// Measures how long an emitted header takes to choose a branch: eight configurations, 24 tuned
// problems.
#include <benchmark/benchmark.h>

#include "selected_portfolio.h"

namespace {

namespace header = selected_portfolio;
namespace dispatch = selected_portfolio_dispatch;

dispatch::Device h200() {
  dispatch::Device device;
  device.gpu_cc = device.cc = 90;
  device.specific = true;
  device.sms = header::Selector::tuned_sms;
  device.smem_optin = 232448;
  device.smem_per_sm = 233472;
  device.regs_per_sm = 65536;
  device.threads_per_sm = 2048;
  device.blocks_per_sm = 32;
  device.max_threads = 1024;
  return device;
}

// The argument is m; n = 4096 and k = 1024.
void choose(benchmark::State& state) {
  const dispatch::Device device = h200();
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
  const dispatch::Device device = h200();
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
