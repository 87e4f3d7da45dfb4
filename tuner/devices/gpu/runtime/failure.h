// The failure of a call of the runtime, inside the measuring worker.
#pragma once
#include <string>

namespace tw::gpu {

// A call that failed. This exception never leaves the worker: the job to which it belongs turns it
// into an outcome.
struct Failure {
  enum class Kind {
    refused,        // the device did not do it, and goes on
    out_of_memory,  // the device's memory does not suffice; it goes on
    fault,          // a kernel faulted: the context is lost, and only a new process helps
  };
  Kind kind = Kind::refused;
  std::string text;  // "while it ran: CUDA_ERROR_ILLEGAL_ADDRESS (an illegal memory ...)"

  bool is_fault() const { return kind == Kind::fault; }
  bool is_out_of_memory() const { return kind == Kind::out_of_memory; }
};

}  // namespace tw::gpu
