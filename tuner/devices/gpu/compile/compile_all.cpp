#include "devices/gpu/compile/compile_all.h"

#include <algorithm>
#include <memory>
#include <string>
#include <thread>

#include "core/base/error.h"
#include "devices/gpu/compile/compile_log.h"
#include "devices/gpu/compile/compile_pool.h"
#include "devices/gpu/compile/cubin_cache.h"
#include "devices/process.h"

namespace tw::gpu {
namespace {

constexpr std::int64_t most_cached_bytes = std::int64_t{2} << 30;

GpuCode code_of(const Compiled& compiled) {
  if (!compiled.fault.empty()) throw Error(compiled.fault);
  if (!compiled.ok) return {"", {}, failure_line(compiled.log)};
  return {compiled.cubin, compiled.names, ""};
}

}  // namespace

std::vector<GpuCode> compile_all(const Platform& platform,
                                 const std::vector<GpuProgram>& programs) {
  const int workers =
      std::clamp(static_cast<int>(programs.size()), 1,
                 static_cast<int>(std::max(1u, std::thread::hardware_concurrency())));
  CompilePool pool(platform, workers, std::chrono::seconds(60));
  const CompilerGreeting& compiler = pool.compiler();
  const std::string identity = compiler.version + " " + compiler.identity;
  CubinCache cache(default_cache_folder(), most_cached_bytes);
  std::vector<GpuCode> codes(programs.size());
  std::vector<std::string> keys;
  for (std::size_t i = 0; i < programs.size(); ++i) {
    const CompileRequest request{programs[i].program, programs[i].architecture,
                                 programs[i].program.options};
    keys.push_back(CubinCache::key(request, identity));
    if (const auto known = cache.find(keys.back())) {
      codes[i] = code_of(*known);
    } else {
      pool.submit(i, request);
    }
  }
  while (!pool.idle()) {
    for (CompilePool::Result& result : pool.advance()) {
      const auto compiled = std::make_shared<const Compiled>(std::move(result.compiled));
      codes[result.ticket] = code_of(*compiled);
      if (compiled->ok) cache.put(keys[result.ticket], compiled);
    }
    std::vector<int> descriptors;
    pool.add_descriptors(descriptors);
    if (!pool.idle()) wait_any(descriptors, pool.next_deadline());
  }
  return codes;
}

}  // namespace tw::gpu
