// Faults of the kernel of tests/data/mixed. Each one changes one output of one type.
#pragma once

namespace tw::test {

struct MixedFault {
  const char* before;  // a text that block.cuh has once
  const char* after;   // the text that replaces it
  const char* note;    // a part of the note of the wrong result
};
inline constexpr MixedFault mixed_faults[] = {
    {"mine.zeros += code == 0", "mine.zeros += code <= 1", "zeros["},
    {"(parts[0].largest)", "(parts[0].largest - 1)", "largest["},
    {"(parts[0].checksum)", "(parts[0].checksum + 1)", "checksum["},
    {"sum[row] = parts[0].sum", "sum[row] = static_cast<float>(parts[0].sum)", "sum["},
    {"if (thread != 0) return;", "if (thread != 0 || row == 3) return;", "sum[3] was not written"},
    {"const int from = index[row]", "const int from = index[row] & 7", "y["},
    {"zeros[row] =", "if (row != 32) zeros[row] =", "zeros[32] was not written"},
    // The poison of 8 bits may be a value.
    {"largest[row] =", "if (row != 32) largest[row] =", "or was not written"},
};

}  // namespace tw::test
