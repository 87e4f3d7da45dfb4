// Winners of the op in tests/data/emit, and of products whose rows are reduced, as a database would
// return them. Their texts are hostile: each one would end a comment or a string, or start a
// directive, if it were copied unchanged.
#pragma once
#include <algorithm>
#include <string>
#include <vector>

#include "core/catalog/catalog.h"
#include "core/plan/plan.h"
#include "emit/emit.h"
#include "unit/support/paths.h"

namespace tw::emit_fixture {

inline constexpr const char* hostile =
    "H200 \\\n#error injected\r\n*/ #error injected /* \" ) \" ?\?/\n#error injected "
    "\x01\xe2\x80\xae"
    "\n#error injected\\";

inline Catalog catalog() {
  return Catalog::load_file(test_data("emit/op.toml"), builtin_sources());
}

inline DeviceInfo device() {
  DeviceInfo device = emulated_device(90);
  device.model = hostile;
  return device;
}

// Returns the same device in an emitted header's type, Device.
template <class Device>
Device emitted(const DeviceInfo& info) {
  Device device;
  device.gpu_cc = info.cc;
  device.cc = info.cc;
  device.specific = true;
  device.sms = info.sms;
  device.smem_optin = info.smem_optin;
  device.smem_per_sm = info.smem_per_sm;
  device.regs_per_sm = info.regs_per_sm;
  device.threads_per_sm = info.threads_per_sm;
  device.blocks_per_sm = info.blocks_per_sm;
  device.max_threads = info.max_threads;
  device.l2_bytes = info.l2_bytes;
  device.memory_bytes = info.memory_bytes;
  return device;
}

inline Winner winner(const Catalog& catalog, const std::string& problem, const std::string& kernel,
                     const std::string& configuration, double median_ns) {
  Winner winner;
  winner.raced = true;
  winner.baseline = hostile;
  winner.baseline_ns = median_ns * 1.25;
  Trial& trial = winner.trial;
  trial.id = 12;
  trial.created = hostile;
  trial.configuration = configuration;
  trial.measurement.samples_ns.assign(7, median_ns);
  trial.measurement.registers = 96;
  trial.measurement.timer = hostile;
  Context& context = trial.context;
  context.situation.op = problem.substr(0, problem.find(' '));
  context.situation.problem = problem;
  context.code.kernel = kernel;
  for (const KernelSpec& known : catalog.at(context.situation.op).kernels) {
    if (known.name != kernel) continue;
    const Problem asked = problem_from_key(catalog.at(context.situation.op).op, problem);
    context.code.source_digest = catalog.source_digest(known, asked.epilogue);
    context.situation.epilogue = asked.epilogue.text();  // with typical constants
  }
  context.situation.device_model = device().model;
  context.situation.device_limits = device_limits_of(device());
  context.situation.driver = hostile;
  context.situation.toolchain = hostile;
  return winner;
}

inline std::vector<Winner> winners(const Catalog& catalog) {
  const std::string straight = "path=straight streaming=false";
  return {
      winner(catalog, "blend f32 rows=64,columns=4096", "direct",
             "threads=128 vector=4 path=straight streaming=true", 5000),
      winner(catalog, "blend f32 rows=64,columns=4096 align=4", "direct",
             "threads=128 vector=1 " + straight, 8000),
      winner(catalog, "blend f32 rows=64,columns=4096,order=flipped", "direct",
             "threads=128 vector=1 path=staged streaming=false", 7000),
      winner(catalog, "blend f32 rows=4096,columns=4096", "passes", "threads=256 kilobytes=64",
             50000),
      winner(catalog, "blend f32 rows=64,columns=4096 epilogue=bias_column,clamp,scale,clamp",
             "direct", "threads=128 vector=2 " + straight, 6000),
      winner(catalog, "blend f64 rows=64,columns=4096 weight=1", "direct",
             "threads=128 vector=2 " + straight, 9000),
  };
}

inline EmitRequest request(const Catalog& catalog) {
  EmitRequest request;
  request.catalog = &catalog;
  request.op = "blend";
  request.winners = winners(catalog);
  request.generator = hostile;
  request.source_note = hostile;
  request.defaults = true;
  return request;
}

// Returns winners of one type of arguments that were tuned with these chains. Empty: not known.
inline EmitRequest with_constants(EmitRequest request, const std::vector<std::string>& chains) {
  const std::vector<Winner>& all = request.winners;
  Winner winner = *std::find_if(all.begin(), all.end(), [](const Winner& one) {
    return one.trial.context.situation.problem.find("epilogue=") != std::string::npos;
  });
  request.winners.clear();
  for (const std::string& chain : chains) {
    winner.trial.context.situation.problem =
        "blend f32 rows=" + std::to_string(64 + request.winners.size()) +
        ",columns=4096 epilogue=bias_column,clamp,scale,clamp";
    winner.trial.context.situation.epilogue = chain;
    request.winners.push_back(winner);
  }
  return request;
}

inline const Catalog& builtin_catalog() {
  static const Catalog loaded = Catalog::load(builtin_spaces(), builtin_sources());
  return loaded;
}

// Returns products whose rows are reduced, one for each kernel that reduces.
inline EmitRequest reduced_request() {
  EmitRequest request;
  request.catalog = &builtin_catalog();
  request.op = "gemm";
  request.defaults = true;
  request.winners = {
      winner(builtin_catalog(),
             "gemm f32 m=300,n=1000,k=256,layout=nt epilogue=bias_column,logsumexp", "mma",
             "passes=3 partial=step block_m=128 block_n=64 block_k=16 warp_m=64 warp_n=32 stages=3 "
             "prefetch=true vector=4 raster=8 schedule=tiles split_k=1 min_blocks=1",
             5000),
      winner(builtin_catalog(),
             "gemm bf16 m=300,n=1000,k=256,layout=nt epilogue=bias_column,logsumexp", "wgmma",
             "passes=1 block_m=128 block_n=128 warpgroups=2 in_turn=false stages=4 raster=8 "
             "schedule=tiles "
             "split_k=1 min_blocks=1 cluster=none",
             5000),
  };
  return request;
}

// Returns a portfolio: eight configurations of two kernels for 24 products.
inline EmitRequest portfolio_request() {
  EmitRequest request;
  request.catalog = &builtin_catalog();
  request.op = "gemm";
  const std::string rest = " raster=8 schedule=tiles split_k=1 min_blocks=1";
  std::vector<std::pair<std::string, std::string>> members;
  for (const char* tile :
       {"64 block_n=64", "128 block_n=64", "64 block_n=128", "128 block_n=128"}) {
    members.emplace_back("wgmma", "passes=1 block_m=" + std::string(tile) +
                                      " warpgroups=1 in_turn=false stages=4" + rest +
                                      " cluster=none");
    members.emplace_back("mma", "passes=1 partial=step block_m=" + std::string(tile) +
                                    " block_k=32 warp_m=32 warp_n=32 stages=3 prefetch=true "
                                    "vector=8" +
                                    rest);
  }
  std::size_t at = 0;
  for (const char* m : {"16", "256", "4096"}) {
    for (const char* n : {"512", "4096"}) {
      for (const char* k : {"256", "1024", "4096", "8192"}) {
        const std::string problem =
            std::string("gemm bf16 m=") + m + ",n=" + n + ",k=" + k + ",layout=nt";
        const auto& [kernel, configuration] = members[at % members.size()];
        request.winners.push_back(winner(builtin_catalog(), problem, kernel, configuration, 5000));
        for (std::size_t i = 0; i < members.size(); ++i) {
          request.slowdowns[problem][members[i].first + ": " + members[i].second] =
              1 + static_cast<double>((7 * at + 3 * i) % 11) / 20;
        }
        ++at;
      }
    }
  }
  return request;
}

// Returns products of a batch that is given by pointers.
inline EmitRequest pointers_request() {
  EmitRequest request;
  request.catalog = &builtin_catalog();
  request.op = "gemm";
  request.defaults = true;
  const std::string shape = "m=200,n=136,k=128,batch=5,layout=nt,batches=pointers";
  const std::string rest = " raster=8 schedule=tiles split_k=1 min_blocks=1";
  request.winners = {
      winner(builtin_catalog(), "gemm f32 " + shape, "mma",
             "passes=3 partial=step block_m=64 block_n=64 block_k=16 warp_m=32 warp_n=32 stages=3 "
             "prefetch=true vector=4" +
                 rest,
             5000),
      winner(builtin_catalog(), "gemm bf16 " + shape, "mma",
             "passes=1 partial=step block_m=64 block_n=64 block_k=32 warp_m=32 warp_n=32 stages=3 "
             "prefetch=true vector=8" +
                 rest,
             5000),
  };
  return request;
}

}  // namespace tw::emit_fixture
