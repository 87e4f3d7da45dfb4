#pragma once
#include <string>
#include <vector>

#include "core/types/device_info.h"

namespace tw {

// The libraries and devices of a machine, as a worker has found them.
struct CudaProbe {
  std::string driver;               // "580.159.04"; empty if there is no driver
  std::vector<DeviceInfo> devices;  // by ordinal
  // versions such as "13.0"; empty if the library is not there
  std::string nvrtc, cupti, cublas, cudnn;
  std::vector<std::string> messages;  // one line for each missing thing, with the remedy
};

namespace cuda {

std::string encode(const CudaProbe& probe);
CudaProbe decode_probe(const std::string& frame);

}  // namespace cuda

}  // namespace tw
