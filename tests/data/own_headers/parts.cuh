// Each kernel of this folder has two configurations, which write the same bits. PLAIN=0 uses CUDA's
// types and functions. PLAIN=1, the default, uses plain arithmetic.
#pragma once

// Returns random bits that depend on x and i.
__device__ inline unsigned bits_of(unsigned x, unsigned i) {
  unsigned h = x * 2654435761u ^ i * 2246822519u;
  h ^= h >> 15;
  h *= 2246822519u;
  return h ^ h >> 13;
}
__device__ inline unsigned as_bits(float x) { return x != x ? 0x7fffffffu : __float_as_uint(x); }

// Writes the next result of the thread.
struct Results {
  unsigned* at;
  __device__ void add(unsigned plain, unsigned cudas) { *at++ = PLAIN ? plain : cudas; }
  __device__ void add(int plain, int cudas) { add(unsigned(plain), unsigned(cudas)); }
  __device__ void add(bool plain, bool cudas) { add(unsigned(plain), unsigned(cudas)); }
  __device__ void add(float plain, float cudas) { add(as_bits(plain), as_bits(cudas)); }
  __device__ void add(unsigned long long plain, unsigned long long cudas) {
    add(unsigned(plain), unsigned(cudas));
    add(unsigned(plain >> 32), unsigned(cudas >> 32));
  }
};
