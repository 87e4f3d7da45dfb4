#pragma once
#include <string>
#include <vector>

#include "core/types/device_info.h"

namespace tw {

// What a machine has, found out in a worker.
struct CudaProbe {
  std::string driver;                       // "580.159.04"; empty: no driver
  std::vector<DeviceInfo> devices;          // by ordinal
  std::string nvrtc, cupti, cublas, cudnn;  // versions, "13.0"; empty: not there
  std::vector<std::string> messages;  // one line for each thing that is missing, with the remedy
};

}  // namespace tw
