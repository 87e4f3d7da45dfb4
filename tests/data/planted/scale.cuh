// y = 2 x, beside work that adds nothing and keeps one part of the GPU busy: `busy` says which, its
// values are those of scale.toml, in their order.
enum Busy { kDram, kBankConflicts, kFma, kLatency, kOneBlock };

constexpr int threads = 256, words = 1024;

// As few instructions a byte as there can be: four elements a thread.
__device__ void copy(const float* x, float* y) {
  const long long first = 4 * (static_cast<long long>(blockIdx.x) * threads + threadIdx.x);
  if (first + 4 <= elements) {
    const float4 four = *reinterpret_cast<const float4*>(x + first);
    *reinterpret_cast<float4*>(y + first) =
        make_float4(2.0f * four.x, 2.0f * four.y, 2.0f * four.z, 2.0f * four.w);
    return;
  }
  for (long long i = first; i < elements; ++i) y[i] = 2.0f * x[i];
}

extern "C" __global__ void scale(const float* x, float* y) {
  if (busy == kDram) {
    copy(x, y);
    return;
  }
  __shared__ float zeros[words];
  for (int i = static_cast<int>(threadIdx.x); i < words; i += threads) zeros[i] = 0.0f;
  __syncthreads();
  const int lane = static_cast<int>(threadIdx.x) % 32;
  float nothing = 0.0f;
  // The 32 lanes read 32 words of one bank.
  if (busy == kBankConflicts) {
    for (int i = 0; i < 512; ++i) nothing += zeros[(lane * 32 + i) % words];
  }
  if (busy == kFma) {
    float sums[8] = {};
    const float factor = zeros[lane], step = zeros[lane + 32];
#pragma unroll 8
    for (int i = 0; i < 16384; ++i) {
#pragma unroll
      for (float& sum : sums) sum = fmaf(sum, factor, step);
    }
    for (const float sum : sums) nothing += sum;
  }
  const long long first = static_cast<long long>(blockIdx.x) * threads + threadIdx.x;
  const long long stride = static_cast<long long>(gridDim.x) * threads;
  // Each load waits for the one before it.
  if (busy == kLatency) {
    long long at = first;
    for (int i = 0; i < 256; ++i) {
      const float value = x[at % elements];
      at += 4099 + (value > 2.0f ? 1 : 0);  // inputs lie in (-1, 1)
    }
    nothing = at < 0 ? 1.0f : 0.0f;
  }
  for (long long i = first; i < elements; i += stride) y[i] = 2.0f * x[i] + nothing;
}
