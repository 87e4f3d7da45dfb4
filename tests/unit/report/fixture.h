// Shared by the tests of the report: databases with invented rows.
#pragma once
#include <fmt/format.h>

#include <string>
#include <vector>

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
      for (int i = 0; i < 45; ++i) pooled.samples_ns.push_back(ns + i);
      pooled.metrics = {{"dram_percent", 88},
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

  nlohmann::ordered_json document(const Filter& filter = {}, const std::string& other = "") const {
    return report_json({.database = path(), .other = other, .filter = filter});
  }
};

inline constexpr const char* square = "gemm f32 m=64,n=64,k=64";
inline constexpr const char* tall = "gemm f32 m=4096,n=64,k=64";

}  // namespace tw
