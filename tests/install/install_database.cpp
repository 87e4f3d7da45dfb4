// Writes a small database of gemm rows for the install test: configurations of the search space
// with invented times. The rows have the source cpu, so that no header can present the times as
// measured.
#include <fmt/format.h>

#include <cstdio>
#include <filesystem>

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "core/problem/problem.h"
#include "core/space/space.h"
#include "db/store.h"

namespace tw {
namespace {

constexpr const char* problems[] = {
    "gemm f32 m=512,n=512,k=512",
    "gemm f32 m=1024,n=1024,k=1024",
    "gemm f32 m=256,n=512,k=128 epilogue=bias_column,relu",
};

void write(const std::string& path) {
  const Catalog catalog = Catalog::load(builtin_spaces(), builtin_sources());
  const OpEntry& gemm = catalog.at("gemm");
  const KernelSpec& kernel = gemm.kernels.front();
  const DeviceInfo device = emulated_device(90);
  std::filesystem::remove(path);
  Store store = Store::open(path, Store::Mode::read_write);
  for (const char* key : problems) {
    const Problem problem = problem_from_key(gemm.op, key);
    const SearchSpace space =
        SearchSpace::enumerate(kernel, slots_of(gemm.op, kernel.names, problem, device));
    RunInfo run;
    Context& context = run.context;
    context.situation.op = gemm.op.name;
    context.situation.problem = key;
    context.code.kernel = kernel.name;
    context.code.source_digest = kernel.source_digest;
    context.situation.device_model = device.model;
    context.situation.device_limits = device_limits_of(device);
    context.situation.toolchain = "none";
    context.situation.source = Source::cpu;
    run.strategy = "made up";
    run.command = "install_database";
    const std::int64_t id = store.begin_run(run);
    Measurement measurement;
    measurement.samples_ns.assign(5, 1000);
    measurement.timer = "none";
    store.append(id, TrialKind::search, context, text_of(space.knobs(), space[space.size() / 2]),
                 measurement);
    store.end_run(id, RunEnd::finished);
  }
}

}  // namespace
}  // namespace tw

int main(int count, char** words) try {
  if (count != 2) throw tw::Error("usage: install_database FILE");
  tw::write(words[1]);
} catch (const tw::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return 2;
}
