#include "devices/cuda/protocol/cuda_probe.h"

#include <nlohmann/json.hpp>

#include "devices/gpu/protocol/frames.h"

namespace tw::cuda {

using nlohmann::json;

std::string encode(const CudaProbe& probe) {
  json devices = json::array();
  for (const DeviceInfo& info : probe.devices) devices.push_back(gpu::json_of(info));
  return gpu::packed({{"driver", probe.driver},
                      {"devices", devices},
                      {"nvrtc", probe.nvrtc},
                      {"cupti", probe.cupti},
                      {"cublas", probe.cublas},
                      {"cudnn", probe.cudnn},
                      {"messages", probe.messages}});
}

CudaProbe decode_probe(const std::string& frame) {
  return gpu::unpacked(frame, [](const json& value) {
    CudaProbe probe{.driver = value.at("driver"),
                    .devices = {},
                    .nvrtc = value.at("nvrtc"),
                    .cupti = value.at("cupti"),
                    .cublas = value.at("cublas"),
                    .cudnn = value.at("cudnn"),
                    .messages = value.at("messages")};
    for (const json& info : value.at("devices")) probe.devices.push_back(gpu::device_info_of(info));
    return probe;
  });
}

}  // namespace tw::cuda
