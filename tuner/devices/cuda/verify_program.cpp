#include "verify_program.h"

#include <string>

namespace tw::cuda {

Program verify_program() {
  const std::string path = "common/verify.cuh";
  Program program;
  program.text = "#include \"" + path + "\"\n";
  program.headers.emplace(path, builtin_sources().at(path));
  program.entries = {"tw_fill", "tw_guard_write", "tw_guard_check", "tw_hash", "tw_compare",
                     "tw_zero", "tw_flush_write", "tw_flush_read",  "tw_mark"};
  program.extern_c = true;
  return program;
}

}  // namespace tw::cuda
