// Finds, in the host compiler's messages, what a kernel uses that this device does not emulate.
#pragma once
#include <string>

#include "core/base/texts.h"

namespace tw::cpu {

// Why a program cannot be compiled here: what it is, its place in the sources, and the remedy.
struct Refusal {
  std::string line;              // empty if the program failed for another reason
  bool is_for_a_header = false;  // so that no configuration can be compiled
};
Refusal refusal_of(const std::string& output, const Texts& sources);

}  // namespace tw::cpu
