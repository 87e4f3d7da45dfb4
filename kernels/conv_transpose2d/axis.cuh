// One axis of a transposed convolution, seen from its output.
//
//     stride 2, 3 taps, pad 1        in[0]       in[1]       in[2]
//                                   / | \       / | \       / | \         an input is spread over
//                                 0   1   2   0   1   2   0   1   2       as many outputs as there
//                                 .   |    \ /    |    \ /    |    \      are taps
//                             (cut) out[0] out[1] ...
//
// The outputs fall into `stride` phases. The outputs stride * i + phase of a phase are a plain
// convolution: the sum over some offsets of in[i + offset] * taps[tap(phase, offset)]. In the
// example phase 0 has offset 0 with tap 1; phase 1 has offset 0 with tap 2 and offset 1 with tap 0.
#pragma once

#include "common/config.cuh"

namespace tw::conv_transpose2d {

struct Axis {
  int out;
  int taps;
  int stride;
  int pad;

  // Returns x / stride. kLikely is a stride for which the compiler need not divide.
  template <int kLikely>
  TW_DEVICE int divided(int x) const {
    return stride == kLikely ? x / kLikely : x / stride;
  }

  // Return the lowest and the highest offset of a phase. The highest is lowest - 1 if the phase has
  // no offset.
  template <int kLikely = 1>
  TW_DEVICE int lowest(int phase) const {
    const int bound = phase + pad - taps + 1;
    return bound > 0 ? divided<kLikely>(bound - 1) + 1 : divided<kLikely>(bound);
  }
  template <int kLikely = 1>
  TW_DEVICE int highest(int phase) const {
    return divided<kLikely>(phase + pad);
  }
  TW_DEVICE int offsets(int phase) const { return highest(phase) - lowest(phase) + 1; }

  TW_DEVICE int tap(int phase, int offset) const { return phase + pad - offset * stride; }
  TW_DEVICE bool has(int phase, int offset) const {
    const int index = tap(phase, offset);
    return index >= 0 && index < taps;
  }

  // Return the phase of a tap, and the tap's offset.
  TW_DEVICE int phase(int tap) const { return ((tap - pad) % stride + stride) % stride; }
  TW_DEVICE int offset(int tap) const { return (phase(tap) + pad - tap) / stride; }

  // Returns the largest number of outputs of a phase.
  TW_DEVICE int steps() const { return (out - 1) / stride + 1; }
};

}  // namespace tw::conv_transpose2d
