// The functions that kernel modules call. They act on the block that runs.
#pragma once
#include "devices/cpu/shim/abi.h"

namespace tw::cpu {

const tw_cpu::Runtime& services();

}  // namespace tw::cpu
