// The limits of an H200 in the terms of an emitted header. Plain C++17.
#pragma once

namespace tw {

// Device is the header's type dispatch::Device. The program holds code for sm_90a.
template <class Device>
constexpr Device h200() {
  Device device;
  device.gpu_cc = device.cc = 90;
  device.specific = true;
  device.sms = 132;
  device.smem_optin = 232448;
  device.smem_per_sm = 233472;
  device.regs_per_sm = 65536;
  device.threads_per_sm = 2048;
  device.blocks_per_sm = 32;
  device.max_threads = 1024;
  return device;
}

}  // namespace tw
