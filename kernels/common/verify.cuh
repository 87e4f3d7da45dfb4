// The kernels that the measuring worker runs around a kernel under test: they write inputs and
// guard zones, compare with the oracle, and flush L2. NVRTC compiles them once for each device;
// tuner/devices/gpu launches them. The tests of the measuring session compile this file for the
// host. Every kernel takes any one-dimensional grid and strides over its data.
//
//     a tensor's allocation: [ guard, 4 KiB | the tensor, as the problem aligns it | guard ]
#pragma once

#include "common/inputs.cuh"
#include "common/judge.cuh"
#ifdef TW_CPU_DEVICE
#include "common/half.cuh"
#endif

namespace tw::verify {

// A tensor's axes by descending stride, so that the indices can be computed from a flat offset.
struct Axes {
  long long rank;
  long long extent[8];
  long long stride[8];
};

// The findings of one block.
struct Found {
  double worst;         // see Judged::error_ulps; infinity if an element is not written
  double used;          // the largest Judged::used
  long long worst_at;   // flat offset in elements
  long long wrong;      // number of wrong elements
  long long unwritten;  // wrong elements that hold the poison where a value is expected
  long long touched;    // elements between the rows that were written to
};

__device__ __forceinline__ long long first() {
  return static_cast<long long>(blockIdx.x) * blockDim.x + threadIdx.x;
}
__device__ __forceinline__ long long step() {
  return static_cast<long long>(gridDim.x) * blockDim.x;
}

__device__ __forceinline__ unsigned short f16_from(float x) {
#ifdef TW_CPU_DEVICE
  return from_float<f16>(x).bits;
#else
  unsigned short bits;
  asm("cvt.rn.f16.f32 %0, %1;" : "=h"(bits) : "f"(x));
  return bits;
#endif
}
__device__ __forceinline__ float f16_to_float(unsigned short bits) {
#ifdef TW_CPU_DEVICE
  return to_float(f16{bits});
#else
  float x;
  asm("cvt.f32.f16 %0, %1;" : "=f"(x) : "h"(bits));
  return x;
#endif
}
__device__ __forceinline__ unsigned short bf16_from(float x) {  // to nearest even; x is not NaN
  const unsigned bits = __float_as_uint(x);
  return static_cast<unsigned short>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

// Loads a floating-point number.
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

__device__ __forceinline__ void store_integer(void* data, long long at, int storage, long long x) {
  switch (size_of(storage)) {
    case 1:
      static_cast<unsigned char*>(data)[at] = static_cast<unsigned char>(x);
      break;
    case 2:
      static_cast<unsigned short*>(data)[at] = static_cast<unsigned short>(x);
      break;
    case 4:
      static_cast<unsigned*>(data)[at] = static_cast<unsigned>(x);
      break;
    default:
      static_cast<long long*>(data)[at] = x;
  }
}

__device__ __forceinline__ void store(void* data, long long at, int storage, double x) {
  switch (storage) {
    case kF16:
      static_cast<unsigned short*>(data)[at] = f16_from(static_cast<float>(x));
      break;
    case kBf16:
      static_cast<unsigned short*>(data)[at] = bf16_from(static_cast<float>(x));
      break;
    case kF64:
      static_cast<double*>(data)[at] = x;
      break;
    default:
      static_cast<float*>(data)[at] = static_cast<float>(x);
  }
}

// Returns the bits of an element of any size.
__device__ __forceinline__ unsigned long long bits(const void* data, long long at, int storage) {
  switch (size_of(storage)) {
    case 1:
      return static_cast<const unsigned char*>(data)[at];
    case 2:
      return static_cast<const unsigned short*>(data)[at];
    case 4:
      return static_cast<const unsigned*>(data)[at];
    default:
      return static_cast<const unsigned long long*>(data)[at];
  }
}

// Returns the element as an expected value (see is_wide_integer).
__device__ __forceinline__ double as_expected(const void* data, long long at, int storage) {
  if (!is_integer(storage)) return load(data, at, storage);
  const unsigned long long its = bits(data, at, storage);
  return is_wide_integer(storage) ? double_from(its) : integer_from(its, storage);
}

__device__ __forceinline__ bool inside(const Axes& axes, long long at) {
  for (int axis = 0; axis < axes.rank; ++axis) {
    const long long index = at / axes.stride[axis];
    if (index >= axes.extent[axis]) return false;
    at -= index * axes.stride[axis];
  }
  return at == 0;
}

__device__ __forceinline__ void join(Found& into, const Found& other) {
  // A wrong element takes precedence over a right one, then the larger error, then the lower
  // offset.
  const bool other_wrong = other.wrong > 0;
  const bool more = other_wrong != (into.wrong > 0) ? other_wrong
                    : other.worst != into.worst     ? other.worst > into.worst
                                                    : other.worst_at < into.worst_at;
  if (more) {
    into.worst = other.worst;
    into.worst_at = other.worst_at;
  }
  into.used = fmax(into.used, other.used);
  into.wrong += other.wrong;
  into.unwritten += other.unwritten;
  into.touched += other.touched;
}

__device__ __forceinline__ unsigned char guard_byte(long long at) {
  return static_cast<unsigned char>(mix(static_cast<unsigned long long>(at)) >> 56);
}

}  // namespace tw::verify

// Fills a tensor with its first or its second set (inputs.cuh); `stream` is its stream_of.
extern "C" __global__ void tw_fill(void* data, long long elements, int storage,
                                   unsigned long long stream, tw::verify::Fill fill) {
  using namespace tw::verify;
  for (long long i = first(); i < elements; i += step()) {
    const auto at = static_cast<unsigned long long>(i);
    if (is_integer(storage)) {
      store_integer(data, i, storage, integer_value(stream, at, fill));
    } else {
      store(data, i, storage, float_value(stream, at, fill));
    }
  }
}

// Stores a configuration's results as the expected ones. `restored`: x held old values before the
// run, not poison. found[0] becomes the bits of the largest finite magnitude, 0 for integers;
// found[1] becomes the number of written elements. Both must be zero before. An element that is
// written according to `before`, the expected values of another run, counts too; null: no such run.
extern "C" __global__ void tw_expect(const void* x, long long elements, int storage,
                                     unsigned short poison, int restored, tw::verify::Axes axes,
                                     const double* before, double* expected,
                                     unsigned long long* found) {
  using namespace tw::verify;
  double mine = 0;
  unsigned long long count = 0;
  for (long long i = first(); i < elements; i += step()) {
    const unsigned long long its = bits(x, i, storage);
    const bool written = inside(axes, i) && (restored || !equals_poison(its, storage, i, poison));
    expected[i] = written ? as_expected(x, i, storage) : unwritten();
    if (written || (before && inside(axes, i) && !is_left_unwritten(before[i], storage))) ++count;
    if (!is_integer(storage) && written && is_finite(expected[i])) {
      mine = fmax(mine, fabs(expected[i]));
    }
  }
  atomicMax(found, bits_of(mine));
  atomicAdd(found + 1, count);
}
// Sets every magnitude to *largest.
extern "C" __global__ void tw_expect_magnitude(const double* largest, long long elements,
                                               double* magnitude) {
  for (long long i = tw::verify::first(); i < elements; i += tw::verify::step()) {
    magnitude[i] = *largest;
  }
}

// Writes the guard zones of an allocation: everything except [begin, end).
extern "C" __global__ void tw_guard_write(unsigned char* base, long long begin, long long end,
                                          long long bytes) {
  for (long long i = tw::verify::first(); i < bytes - (end - begin); i += tw::verify::step()) {
    const long long at = i < begin ? i : i + (end - begin);
    base[at] = tw::verify::guard_byte(at);
  }
}

// Counts changed bytes: found[0] before `begin`, found[1] from `end` on. Both must be zero before.
extern "C" __global__ void tw_guard_check(const unsigned char* base, long long begin, long long end,
                                          long long bytes, unsigned long long* found) {
  for (long long i = tw::verify::first(); i < bytes - (end - begin); i += tw::verify::step()) {
    const long long at = i < begin ? i : i + (end - begin);
    if (base[at] != tw::verify::guard_byte(at)) atomicAdd(found + (i < begin ? 0 : 1), 1ull);
  }
}

// Sets *sum to a digest of the words and their places. *sum must be zero before.
extern "C" __global__ void tw_hash(const unsigned long long* words, long long count,
                                   unsigned long long* sum) {
  unsigned long long mine = 0;
  for (long long i = tw::verify::first(); i < count; i += tw::verify::step()) {
    mine += tw::verify::mix(words[i] ^ tw::verify::mix(static_cast<unsigned long long>(i)));
  }
  atomicAdd(sum, mine);
}

// Compares `elements` of x with the oracle by the rule of judge.cuh. If an oracle's value is
// poison, the oracle did not write the element, and x must not have written it either. Elements
// outside of the axes must have the same bits as in `before`, or those of the poison if `before` is
// null. Integers are judged by judge_integer.
// Blocks have 256 threads; each block writes one Found.
extern "C" __global__ void __launch_bounds__(256)
    tw_compare(const void* x, const double* expected, const double* magnitude, const void* before,
               long long elements, tw::verify::Axes axes, tw::verify::Rule rule,
               unsigned short poison, tw::verify::Found* found) {
  using namespace tw::verify;
  const int storage = rule.storage;
  Found mine{-1, 0, 0, 0, 0, 0};
  for (long long i = first(); i < elements; i += step()) {
    Found here{-1, 0, i, 0, 0, 0};
    const unsigned long long its = bits(x, i, storage);
    const bool written = !is_poison(its, storage);
    const bool is_untouched =
        before ? its == bits(before, i, storage) : equals_poison(its, storage, i, poison);
    if (!inside(axes, i)) {
      here.touched = !is_untouched;
    } else if (is_integer(storage)) {
      const Judged judged = judge_integer(its, expected[i], storage, is_untouched);
      here.worst = judged.error_ulps;
      here.wrong = !judged.right;
      here.unwritten = !judged.right && is_untouched;
    } else if (const bool wanted = !is_poison(bits_of(expected[i]), kF64); wanted && written) {
      const Judged judged = judge(load(x, i, storage), expected[i], magnitude[i], rule);
      here.worst = judged.error_ulps;
      here.used = judged.used;
      here.wrong = !judged.right;
    } else if (wanted || written) {
      here.worst = infinite();
      here.wrong = 1;
      here.unwritten = wanted;
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

// Replaces a memset, so that it appears among the timed kernels.
extern "C" __global__ void tw_zero(uint4* data, long long count) {
  for (long long i = tw::verify::first(); i < count; i += tw::verify::step()) {
    data[i] = make_uint4(0, 0, 0, 0);
  }
}

// tw_flush_write and tw_flush_read together evict everything that a kernel could find in L2. The
// writes replace it, and the reads replace the dirty lines, which would otherwise be written back
// during the sample.
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
  if (sum == 0x9e3779b9u) *sink = sum;  // almost never true, but the compiler cannot know
}

// Marks the start of every sample in the record of kernels.
extern "C" __global__ void tw_mark() {}
