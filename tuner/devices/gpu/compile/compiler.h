// The compiler of a platform, as a compile worker runs it.
#pragma once
#include "devices/gpu/protocol/messages.h"
#include "devices/process.h"

namespace tw::gpu {

class Compiler {
 public:
  virtual ~Compiler() = default;
  // Returns the compiler's version, or why there is none.
  virtual CompilerGreeting greet() = 0;
  // Compiles a program. A failure is in the result. May end the process, or never return.
  virtual Compiled compile(const CompileRequest& request) = 0;
};

// The body of a compile worker: greets, and compiles until the parent closes its end. Returns the
// exit code.
int compile_worker(WorkerChannel& channel, Compiler& compiler);

}  // namespace tw::gpu
