// CUDA's vector types with their alignments, and dim3.
#pragma once

#define TW_CPU_VECTOR(type, name, align2, align4)                             \
  struct name##1 {                                                            \
    type x;                                                                   \
  };                                                                          \
  struct __attribute__((aligned(align2))) name##2 {                           \
    type x, y;                                                                \
  };                                                                          \
  struct name##3 {                                                            \
    type x, y, z;                                                             \
  };                                                                          \
  struct __attribute__((aligned(align4))) name##4 {                           \
    type x, y, z, w;                                                          \
  };                                                                          \
  inline name##1 make_##name##1(type x) { return {x}; }                       \
  inline name##2 make_##name##2(type x, type y) { return {x, y}; }            \
  inline name##3 make_##name##3(type x, type y, type z) { return {x, y, z}; } \
  inline name##4 make_##name##4(type x, type y, type z, type w) { return {x, y, z, w}; }

TW_CPU_VECTOR(signed char, char, 2, 4)
TW_CPU_VECTOR(unsigned char, uchar, 2, 4)
TW_CPU_VECTOR(short, short, 4, 8)
TW_CPU_VECTOR(unsigned short, ushort, 4, 8)
TW_CPU_VECTOR(int, int, 8, 16)
TW_CPU_VECTOR(unsigned, uint, 8, 16)
TW_CPU_VECTOR(long, long, 16, 16)
TW_CPU_VECTOR(unsigned long, ulong, 16, 16)
TW_CPU_VECTOR(long long, longlong, 16, 16)
TW_CPU_VECTOR(unsigned long long, ulonglong, 16, 16)
TW_CPU_VECTOR(float, float, 8, 16)
TW_CPU_VECTOR(double, double, 16, 16)
#undef TW_CPU_VECTOR

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned a = 1, unsigned b = 1, unsigned c = 1) : x(a), y(b), z(c) {}
  constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}
  constexpr operator uint3() const { return {x, y, z}; }
};
