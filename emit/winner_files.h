// The winners in other forms than a header.
#pragma once
#include <map>
#include <string>

#include "emit/tuning/request.h"

namespace tw {

// Returns files with a #define for each knob: one file for the GPU if all winners are equal, else
// one for each problem. Kernels with macros include them. Throws Error as emit() does.
//   saxpy_NVIDIA_H200.h, saxpy_NVIDIA_H200_f32_n_4096.h
std::map<std::string, std::string> emit_defines(const EmitRequest& request);
// Returns one file, <op>.json: for each winner the problem, the device, the kernel, its knobs, its
// launches and its time.
std::map<std::string, std::string> emit_json(const EmitRequest& request);

}  // namespace tw
