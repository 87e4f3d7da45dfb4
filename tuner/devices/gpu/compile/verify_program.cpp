#include "devices/gpu/compile/verify_program.h"

#include <string>

#include "core/catalog/catalog.h"

namespace tw::gpu {

Program verify_program() {
  const std::string path = "common/verify.cuh";
  Program program;
  program.text = "#include \"" + path + "\"\n";
  for (const char* header : {"common/verify.cuh", "common/inputs.cuh", "common/judge.cuh"}) {
    program.headers.emplace(header, builtin_sources().at(header));
  }
  program.entries = {"tw_fill",        "tw_expect",      "tw_expect_magnitude",
                     "tw_guard_write", "tw_guard_check", "tw_hash",
                     "tw_compare",     "tw_zero",        "tw_flush_write",
                     "tw_flush_read",  "tw_mark"};
  program.as_given = true;
  return program;
}

}  // namespace tw::gpu
