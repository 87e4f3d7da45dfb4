// CUDA's complex numbers as C functions.
#pragma once

#define TW_CPU_COMPLEX(type, name, suffix)                                      \
  inline name make_##name(type x, type y) { return {x, y}; }                    \
  inline type cuCreal##suffix(name a) { return a.x; }                           \
  inline type cuCimag##suffix(name a) { return a.y; }                           \
  inline name cuConj##suffix(name a) { return {a.x, -a.y}; }                    \
  inline name cuCadd##suffix(name a, name b) { return {a.x + b.x, a.y + b.y}; } \
  inline name cuCsub##suffix(name a, name b) { return {a.x - b.x, a.y - b.y}; } \
  inline name cuCmul##suffix(name a, name b) {                                  \
    return {a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x};                      \
  }                                                                             \
  inline name cuCdiv##suffix(name a, name b) {                                  \
    const type norm = b.x * b.x + b.y * b.y;                                    \
    return {(a.x * b.x + a.y * b.y) / norm, (a.y * b.x - a.x * b.y) / norm};    \
  }                                                                             \
  inline name cuCfma##suffix(name a, name b, name c) {                          \
    return cuCadd##suffix(cuCmul##suffix(a, b), c);                             \
  }                                                                             \
  inline type cuCabs##suffix(name a) { return std::hypot(a.x, a.y); }
using cuFloatComplex = float2;
using cuDoubleComplex = double2;
using cuComplex = cuFloatComplex;
TW_CPU_COMPLEX(float, cuFloatComplex, f)
TW_CPU_COMPLEX(double, cuDoubleComplex, )
#undef TW_CPU_COMPLEX
inline cuComplex make_cuComplex(float x, float y) { return {x, y}; }
