// Calls that the branches of a header would serve, to be checked before it is written. The dispatch
// itself (emit_choice.h) says whose a call is.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "emit/model.h"

namespace tw {

// How large a sampled problem may be. A tuned problem itself may be as large as the second pair
// says.
struct SampleSize {
  double flops = 0, own_flops = 0;
  std::int64_t bytes = 0, own_bytes = 0;  // of all tensors and the oracle's buffers
};

struct EmitSample {
  std::string subject;      // subject_of the row or fallback
  bool is_default = false;  // a fallback
  const KernelSpec* kernel = nullptr;
  Configuration configuration;
  Problem problem;
};

// For each tuned problem, and each default that can be reached on the device, up to `most` problems
// for which the header takes its branch: the tuned problem itself, then in turn of each kind what
// there is: near it (each dim by one and by a vector more and less, halved, 1), all dims ragged,
// rows padded, less aligned, other scalars, the op's edge shapes, and mixtures by the seed. `also`
// are further candidates. The same for the same arguments.
std::vector<EmitSample> samples_of(const EmitModel& model, const DeviceInfo& device,
                                   std::size_t most, const SampleSize& size, std::uint64_t seed,
                                   const std::vector<Problem>& also = {});

}  // namespace tw
