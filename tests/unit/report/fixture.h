// Shared by the tests of the report: databases with invented rows.
#pragma once
#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <vector>

#include "core/catalog/catalog.h"
#include "core/problem/problem.h"
#include "core/space/space.h"
#include "report/page.h"
#include "report/report_json.h"
#include "unit/db/fixture.h"

namespace tw {

class ReportTest : public DbTest {
 protected:
  static Context context_of(const std::string& problem, const std::string& kernel = "simt") {
    Context one = context(kernel);
    one.situation.problem = problem;
    return one;
  }

  // Adds a run with `count` trials of three knobs, of which every tenth fails. x=3 y=1 is the
  // fastest. With `races`, three finalists are raced.
  static void add_search(Store& store, const Context& where, int count, bool races = true,
                         RunEnd end = RunEnd::finished) {
    RunInfo info = run_info();
    info.context = where;
    info.strategy = "auto";
    info.device_json = R"({"kind": "cuda", "sm_clock_mhz": 1980})";
    const std::int64_t run = store.begin_run(info);
    for (int i = 0; i < count; ++i) {
      const int x = i % 8, y = i / 8 % 4, z = i / 32;
      Measurement measurement = ok(2e6 + 1e4 * ((x - 3) * (x - 3) + (y - 1) * (y - 1)) + 300.0 * z);
      if (i % 10 == 9) measurement = failed(Outcome::compile_failed, "too many registers");
      store.append(run, TrialKind::search, where, fmt::format("x={} y={} flag={}", x, y, z),
                   measurement);
    }
    Context library = where;
    library.code.kernel = "cublas";
    store.append(run, TrialKind::baseline, library, "", ok(2.2e6));
    if (races) add_race(store, run, where);
    const bool is_certain = end == RunEnd::exhausted;
    store.end_run(run, end, is_certain ? "" : "95 % confident within 3 % of the optimum");
  }

  static void add_race(Store& store, std::int64_t run, const Context& where) {
    std::vector<Store::Finalist> ranking;
    for (const char* configuration : {"x=3 y=1 flag=0", "x=3 y=1 flag=1", "x=4 y=1 flag=0"}) {
      const double ns = 2e6 + 5e3 * static_cast<double>(ranking.size());
      Measurement pooled;
      // Nine rounds of five samples. Each later finalist is 5 us slower in each round.
      for (int i = 0; i < 45; ++i) pooled.samples_ns.push_back(ns + i);
      pooled.metrics = {{"rounds", 9},
                        {"dram_percent", 88},
                        {"l2_percent", 40},
                        {"dram_read_bytes", 1e9 * static_cast<double>(ranking.size() + 1)}};
      if (!ranking.empty()) {
        pooled.metrics["slower_low"] = ns / 2e6 - 0.002;
        pooled.metrics["slower_high"] = ns / 2e6 + 0.002;
      }
      ranking.push_back({where, configuration, pooled});
    }
    store.append_race(run, ranking, 2);
  }

  // Adds a run with three configurations of this build's kernel gemm/simt.
  static void add_search_of_simt(Store& store, const std::string& key) {
    const Catalog catalog = Catalog::load(builtin_spaces(), builtin_sources());
    const OpEntry& gemm = catalog.at("gemm");
    const auto simt = std::find_if(gemm.kernels.begin(), gemm.kernels.end(),
                                   [](const KernelSpec& kernel) { return kernel.name == "simt"; });
    const DeviceInfo device = emulated_device(90);
    const SearchSpace space = SearchSpace::enumerate(
        *simt, slots_of(gemm.op, simt->names, problem_from_key(gemm.op, key), device));
    RunInfo info = run_info();
    info.context = context_of(key);
    info.context.situation.device_limits = device_limits_of(device);
    const std::int64_t run = store.begin_run(info);
    for (const std::size_t at : {std::size_t{0}, space.size() / 2, space.size() - 1}) {
      store.append(run, TrialKind::search, info.context, text_of(simt->knobs, space[at]),
                   ok(1e5 + static_cast<double>(at)));
    }
    store.end_run(run, RunEnd::finished);
  }

  nlohmann::ordered_json document(const Filter& filter = {}, const std::string& other = "") const {
    return report_json({.database = path(), .other = other, .filter = filter});
  }
};

inline constexpr const char* square = "gemm f32 m=64,n=64,k=64";
inline constexpr const char* tall = "gemm f32 m=4096,n=64,k=64";

}  // namespace tw
