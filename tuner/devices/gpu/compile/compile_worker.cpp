#include <sys/resource.h>

#include "devices/gpu/compile/compiler.h"

namespace tw::gpu {
namespace {

// A compile that uses too much memory must not bring the machine down. There is no limit under a
// sanitizer, whose shadow memory needs terabytes of addresses.
void limit_memory() {
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  constexpr rlim_t most = rlim_t{16} << 30;
  rlimit limit{.rlim_cur = most, .rlim_max = most};
  ::setrlimit(RLIMIT_AS, &limit);
#endif
}

}  // namespace

int compile_worker(WorkerChannel& channel, Compiler& compiler) {
  limit_memory();
  const CompilerGreeting greeting = compiler.greet();
  channel.send(encode(greeting));
  if (!greeting.error.empty()) return 1;
  PartsReceived parts;
  while (const auto frame = channel.receive()) {
    channel.send(encode(compiler.compile(decode_compile_request(*frame, parts))));
  }
  return 0;
}

}  // namespace tw::gpu
