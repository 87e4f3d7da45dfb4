// Chooses calls that the branches of a header would serve, to check them before the header is
// written. The dispatch itself (choice.h) decides which branch serves a call.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "emit/tuning/tuning.h"

namespace tw {

// How large a sampled problem may be. The `own_` values are the limits for a tuned problem itself.
struct SampleSize {
  double flops = 0, own_flops = 0;
  std::int64_t bytes = 0, own_bytes = 0;  // of all tensors and of the oracle's buffers
};

// A call to check, and the branch that must serve it.
struct EmitSample {
  std::string subject;      // subject_of the row or fallback
  bool is_default = false;  // it is a fallback
  const KernelSpec* kernel = nullptr;
  Configuration configuration;
  Problem problem;
};

// For each tuned problem, and each default that can be reached on the device, returns up to `most`
// problems for which the header takes its branch. The first is the tuned problem itself. Then the
// following kinds take turns: problems near it (each dim one and one vector more and less, halved,
// 1), all dims ragged, rows padded, less alignment, other scalars, the op's edge shapes, and
// mixtures drawn by the seed. `also` are further candidates. The result is the same for the same
// arguments.
std::vector<EmitSample> samples_of(const Tuning& tuning, const DeviceInfo& device, std::size_t most,
                                   const SampleSize& size, std::uint64_t seed,
                                   const std::vector<Problem>& also = {});

}  // namespace tw
