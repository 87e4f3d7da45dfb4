// y = 2 x, and what else `behaviour` asks for: its values are those of double.toml, in their order.
enum Behaviour {
  kGood,
  kAfterEnd,
  kBeforeBegin,
  kFar,
  kMisaligned,
  kForever,
  kNan,
  kUnwritten,
  kOneWrong,
  kBetweenRows,
  kToInput,
  kSecondRun,
  kDirtyWorkspace,
  kSlow,
  kTraps,
  kPrints,
  kMuchShared,
  kNoCompile,
  kEndlessCompile,
  kRace
};

#if behaviour == 17
#error "this variant does not compile"
#endif

#if behaviour == 18
// Doubles the instances with every level: nothing ends before memory does.
template <int Level, unsigned long long Path>
struct Endless {
  static constexpr unsigned long long value =
      Endless<Level - 1, 2 * Path>::value + Endless<Level - 1, 2 * Path + 1>::value;
};
template <unsigned long long Path>
struct Endless<0, Path> {
  static constexpr unsigned long long value = Path;
};
__device__ unsigned long long endless() { return Endless<60, 1>::value; }
#endif

extern "C" __global__ void double_rows(float* x, float* y, unsigned* counter) {
#if behaviour == 16
  __shared__ float scratch[4096];
  scratch[threadIdx.x] = x[0];
  __syncthreads();
  if (scratch[127 - threadIdx.x] == 3.0f) return;
#endif
  const bool first = blockIdx.x == 0 && threadIdx.x == 0;
  const long long last = (rows - 1ll) * ld + cols - 1;
  const long long row = static_cast<long long>(blockIdx.x) * ld;
  const int stop = behaviour == kUnwritten && blockIdx.x == rows / 2 ? cols - 1 : cols;
  for (int i = static_cast<int>(threadIdx.x); i < stop; i += static_cast<int>(blockDim.x)) {
    y[row + i] = 2.0f * x[row + i];
    if (behaviour == kNan && row + i == last) y[row + i] = __int_as_float(0x7fffffff);
    if (behaviour == kOneWrong && blockIdx.x == rows / 2 && i == 3) y[row + i] += 1e-3f;
  }
  __syncthreads();
  if (behaviour == kSlow) {
    const long long until = clock64() + 20000000;  // some 10 ms
    while (clock64() < until) {
    }
  }
  // All blocks but the element's own: the last to come leaves its number.
  if (behaviour == kRace && threadIdx.x == 0 && blockIdx.x + 1 < gridDim.x)
    y[last] = 3 + blockIdx.x;
  if (!first) return;
  if (behaviour == kAfterEnd) y[last + 1] = 1;
  if (behaviour == kBeforeBegin) y[-1] = 1;
  if (behaviour == kFar) y[1ll << 40] = 1;
  if (behaviour == kMisaligned) *reinterpret_cast<float*>(reinterpret_cast<char*>(y) + 2) = 1;
  if (behaviour == kBetweenRows) y[cols] = 1;
  if (behaviour == kToInput) x[1] = 0;
  if (behaviour == kSecondRun && atomicAdd(counter, 1u) != 0) y[last] = 0;
  if (behaviour == kDirtyWorkspace) counter[16] = 1;
  if (behaviour == kTraps) __trap();
  if (behaviour == kPrints) printf("a kernel may print\n");
  if (behaviour == kForever) {
    while (*static_cast<volatile unsigned*>(counter) == 0) {
    }
  }
}
