// What the measuring worker runs around a kernel under test: inputs, guard zones, the comparison
// with the oracle, the L2 flush. Compiled once a device by NVRTC; launched by tuner/devices/cuda.
// Every kernel takes any one-dimensional grid and strides over its data.
//
//     a tensor's allocation: [ guard, 4 KiB | the tensor, as the problem aligns it | guard ]
#pragma once

namespace tw::verify {

// The values of tw::DType.
enum Storage { kF32, kF16, kBf16, kF64 };

// A tensor's axes by descending stride, so that a flat offset tells its indices.
struct Axes {
  long long rank;
  long long extent[8];
  long long stride[8];
};

// What one block found.
struct Found {
  double
      worst;  // error in ulps of the magnitude; infinity: NaN, or wrong where the magnitude is zero
  long long worst_at;  // flat offset in elements
  long long wrong;     // elements beyond the tolerance
  long long touched;   // elements between the rows that were written
};

// splitmix64 (Steele, Lea, Flood 2014) of a counter: every element on its own, in any order.
__device__ __forceinline__ unsigned long long mix(unsigned long long x) {
  x += 0x9e3779b97f4a7c15ull;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ull;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebull;
  return x ^ (x >> 31);
}

__device__ __forceinline__ long long first() {
  return static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
}
__device__ __forceinline__ long long step() {
  return static_cast<long long>(gridDim.x) * blockDim.x;
}

__device__ __forceinline__ unsigned short f16_from(float x) {
  unsigned short bits;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(x));
  return bits;
}
__device__ __forceinline__ float f16_to_float(unsigned short bits) {
  float x;
  asm("cvt.f32.f16 %0, %1;" : "=f"(x) : "h"(bits));
  return x;
}
__device__ __forceinline__ unsigned short bf16_from(float x) {  // to nearest even; x is no NaN
  const unsigned bits = __float_as_uint(x);
  return static_cast<unsigned short>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

__device__ __forceinline__ double load(const void* data, long long at, int storage) {
  switch (storage) {
    case kF16:
      return f16_to_float(static_cast<const unsigned short*>(data)[at]);
    case kBf16:
      return __uint_as_float(static_cast<unsigned>(static_cast<const unsigned short*>(data)[at])
                             << 16);
    case kF64:
      return static_cast<const double*>(data)[at];
    default:
      return static_cast<const float*>(data)[at];
  }
}

__device__ __forceinline__ void store(void* data, long long at, int storage, float x) {
  switch (storage) {
    case kF16:
      static_cast<unsigned short*>(data)[at] = f16_from(x);
      break;
    case kBf16:
      static_cast<unsigned short*>(data)[at] = bf16_from(x);
      break;
    case kF64:
      static_cast<double*>(data)[at] = x;
      break;
    default:
      static_cast<float*>(data)[at] = x;
  }
}

// The bits of an element, whatever its size.
__device__ __forceinline__ unsigned long long bits(const void* data, long long at, int storage) {
  if (storage == kF64) return static_cast<const unsigned long long*>(data)[at];
  if (storage == kF32) return static_cast<const unsigned*>(data)[at];
  return static_cast<const unsigned short*>(data)[at];
}
__device__ __forceinline__ unsigned long long poison(int storage) {
  return storage == kF64 ? ~0ull : storage == kF32 ? 0xffffffffull : 0xffffull;
}

__device__ __forceinline__ bool inside(const Axes& axes, long long at) {
  for (int axis = 0; axis < axes.rank; ++axis) {
    const long long index = at / axes.stride[axis];
    if (index >= axes.extent[axis]) return false;
    at -= index * axes.stride[axis];
  }
  return at == 0;
}

__device__ __forceinline__ double error_in_ulps(double x, double expected, double unit) {
  if (x == expected) return 0;
  const double error = fabs(x - expected) / unit;
  return error >= 0 ? error : __longlong_as_double(0x7ff0000000000000ll);  // NaN is the worst
}

__device__ __forceinline__ void join(Found& into, const Found& other) {
  if (other.worst > into.worst || (other.worst == into.worst && other.worst_at < into.worst_at)) {
    into.worst = other.worst;
    into.worst_at = other.worst_at;
  }
  into.wrong += other.wrong;
  into.touched += other.touched;
}

__device__ __forceinline__ unsigned char guard_byte(long long at) {
  return static_cast<unsigned char>(mix(static_cast<unsigned long long>(at)) >> 56);
}

}  // namespace tw::verify

// Uniform in (-1, 1), exact in fp32: never zero, never one.
extern "C" __global__ void tw_fill(void* data, long long elements, int storage,
                                   unsigned long long seed) {
  for (long long i = tw::verify::first(); i < elements; i += tw::verify::step()) {
    const auto random = static_cast<int>(
        tw::verify::mix(seed ^ tw::verify::mix(static_cast<unsigned long long>(i))) >> 41);
    tw::verify::store(data, i, storage,
                      static_cast<float>(2 * random + 1 - (1 << 23)) * (1.0f / (1 << 23)));
  }
}

// Writes the guard zones of an allocation: all of it but [begin, end).
extern "C" __global__ void tw_guard_write(unsigned char* base, long long begin, long long end,
                                          long long bytes) {
  for (long long i = tw::verify::first(); i < bytes - (end - begin); i += tw::verify::step()) {
    const long long at = i < begin ? i : i + (end - begin);
    base[at] = tw::verify::guard_byte(at);
  }
}

// found[0]: bytes that changed before `begin`, found[1]: from `end` on. Both are zero before.
extern "C" __global__ void tw_guard_check(const unsigned char* base, long long begin, long long end,
                                          long long bytes, unsigned long long* found) {
  for (long long i = tw::verify::first(); i < bytes - (end - begin); i += tw::verify::step()) {
    const long long at = i < begin ? i : i + (end - begin);
    if (base[at] != tw::verify::guard_byte(at)) atomicAdd(found + (i < begin ? 0 : 1), 1ull);
  }
}

// *sum becomes a digest of the words and their places. It is zero before.
extern "C" __global__ void tw_hash(const unsigned long long* words, long long count,
                                   unsigned long long* sum) {
  unsigned long long mine = 0;
  for (long long i = tw::verify::first(); i < count; i += tw::verify::step()) {
    mine += tw::verify::mix(words[i] ^ tw::verify::mix(static_cast<unsigned long long>(i)));
  }
  atomicAdd(sum, mine);
}

// Compares `elements` of x with the oracle; `unit` is the dtype's unit roundoff. Elements outside
// of the axes must have the bits that they have in `before`, or poison where that is null. Blocks
// of 256 threads; one Found a block.
extern "C" __global__ void __launch_bounds__(256)
    tw_compare(const void* x, const double* expected, const double* magnitude, const void* before,
               long long elements, int storage, tw::verify::Axes axes, double unit,
               double tolerance, tw::verify::Found* found) {
  using namespace tw::verify;
  Found mine{-1, 0, 0, 0};
  for (long long i = first(); i < elements; i += step()) {
    Found here{-1, i, 0, 0};
    if (inside(axes, i)) {
      here.worst = error_in_ulps(load(x, i, storage), expected[i], unit * magnitude[i]);
      here.wrong = !(here.worst <= tolerance);
    } else {
      here.touched = bits(x, i, storage) != (before ? bits(before, i, storage) : poison(storage));
    }
    join(mine, here);
  }
  __shared__ Found all[256];
  all[threadIdx.x] = mine;
  for (int half = 128; half > 0; half /= 2) {
    __syncthreads();
    if (threadIdx.x < half) join(all[threadIdx.x], all[threadIdx.x + half]);
  }
  if (threadIdx.x == 0) found[blockIdx.x] = all[0];
}

// Takes the place of a memset, so that it shows among the kernels that are timed.
extern "C" __global__ void tw_zero(uint4* data, long long count) {
  for (long long i = tw::verify::first(); i < count; i += tw::verify::step()) {
    data[i] = make_uint4(0, 0, 0, 0);
  }
}

// Together they evict whatever a kernel could find in L2: the writes replace it, and the reads
// replace the dirty lines, which would otherwise be written back during the sample.
extern "C" __global__ void tw_flush_write(uint4* data, long long count, unsigned value) {
  for (long long i = tw::verify::first(); i < count; i += tw::verify::step()) {
    data[i] = make_uint4(value, value, value, value);
  }
}
extern "C" __global__ void tw_flush_read(const uint4* data, long long count, unsigned* sink) {
  unsigned sum = 0;
  for (long long i = tw::verify::first(); i < count; i += tw::verify::step()) {
    const uint4 word = data[i];
    sum ^= word.x ^ word.y ^ word.z ^ word.w;
  }
  if (sum == 0x9e3779b9u) *sink = sum;  // rarely or never, but the compiler cannot know
}

// Stands before every sample in the record of kernels.
extern "C" __global__ void tw_mark() {}
