// The lines that commands print about a problem under way, and about what to do with the winners.
#pragma once
#include <cstddef>
#include <string>

#include "core/plan/objective.h"
#include "db/store.h"
#include "session/setup/device_choice.h"

namespace tw {

// Returns "gemm f32 m=64,n=64,k=64 on H200 (cc 9.0, ...), driver 580.159 (remark)".
std::string headline_of(const std::string& problem, const OpenDevice& opened,
                        const std::string& remark);

// The winners that `tune emit` is to find.
struct EmitStep {
  std::string op;
  std::string spec;             // of --spec, or what --save-spec writes; empty: neither is given
  bool is_from_source = false;  // the op is that of --kernel FILE.cu:NAME
  std::string database;
  std::string device_model;  // empty: the database has winners of one device
  Source source = Source::measured;
  L2 l2 = L2::cold;
  Objective objective = Objective::time;
  std::size_t kernels = 0;  // 0: all winners
};
// Returns the command line that writes the winners' header, as a shell takes it: "tune emit --op
// gemm --out tuned". If a kernel of a source has no spec yet, the text begins with how to get one.
std::string emit_command_line(const EmitStep& step);

}  // namespace tw
