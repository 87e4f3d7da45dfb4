// The programs of many plans, which the conformance tests compile.
#pragma once
#include <algorithm>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/plan/plan.h"
#include "devices/cpu/compile/module.h"
#include "devices/cpu/oracle.h"

namespace tw::conformance {

inline constexpr std::size_t programs_a_module = 16;

// The distinct programs of many plans, compiled in batches.
class Programs {
 public:
  std::size_t add(const Program& program) {
    const auto [at, is_new] = index_.emplace(program_key(program), programs_.size());
    if (is_new) programs_.push_back(program);
    return at->second;
  }
  // Returns the compiler's error; empty if there is none.
  std::string compile() {
    for (std::size_t begin = 0; begin < programs_.size(); begin += programs_a_module) {
      const std::size_t end = std::min(begin + programs_a_module, programs_.size());
      const cpu::Compiled compiled =
          cpu::compile_module(std::span(programs_).subspan(begin, end - begin));
      if (compiled.path.empty()) return compiled.error;
      modules_.push_back(std::make_unique<cpu::LoadedModule>(compiled.path));
      int first_entry = 0;
      for (std::size_t i = begin; i < end; ++i) {
        loaded_.push_back({&modules_.back()->module(), first_entry});
        first_entry += static_cast<int>(programs_[i].entries.size());
      }
    }
    return "";
  }
  cpu::LoadedProgram operator[](std::size_t index) const { return loaded_[index]; }

 private:
  static std::string program_key(const Program& program) {
    std::string key = program.text;
    for (const std::string& entry : program.entries) key += "\n" + entry;
    return key;
  }
  std::map<std::string, std::size_t> index_;
  std::vector<Program> programs_;
  std::vector<std::unique_ptr<cpu::LoadedModule>> modules_;
  std::vector<cpu::LoadedProgram> loaded_;
};

}  // namespace tw::conformance
