// Functions whose results are near each other on all devices.
__global__ void check(const unsigned* x, float* y, int n) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  const float f = 0.01f + 0.03f * (i % 97), g = 0.5f - 0.01f * (i % 89);
  float* out = y + i * RESULTS;
  for (int k = 0; k < RESULTS; ++k) out[k] = 0;
  const double d = f;
#define ADD(plain, cudas) *out++ = PLAIN ? (plain) : (cudas)
  ADD(1 / sqrtf(f), rsqrtf(f));
  ADD(1 / sqrt(d), rsqrt(d));
  ADD(expf(g), __expf(g));
  ADD(logf(f), __logf(f));
  ADD(sinf(f), __sinf(f));
  ADD(cosf(f), __cosf(f));
  ADD(powf(f, g), __powf(f, g));
  ADD(f / (g + 1), __fdividef(f, g + 1));
  ADD(1 / f, __frcp_rn(f));
  ADD(sqrtf(f), __fsqrt_rn(f));
  ADD(g < 0 ? 0 : g, __saturatef(g));
  ADD(f * g + 2, __fmaf_rn(f, g, 2));
  ADD(sin(3.14159265358979 * d), sinpif(f));
  ADD(cos(3.14159265358979 * d), cospi(d));
  ADD(1 / cbrtf(f), rcbrtf(f));
  ADD(sqrtf(f * f + g * g + 1), norm3df(f, g, 1));
  ADD(1 / sqrtf(f * f + g * g), rhypotf(f, g));
  ADD(fminf(f, g), min(f, g));
  ADD(g, erfinvf(erff(g)));
  ADD(0.5f * erfcf(-g / sqrtf(2.0f)), normcdff(g));
  ADD(expf(f * f) * erfcf(f), erfcxf(f));
  ADD(powf(10, g), exp10f(g));
  ADD(__ldg(x) * 0.0f + copysignf(f, g), copysignf(f, g));
  float s, c;
  sincosf(f, &s, &c);
  ADD(sinf(f) + cosf(f), s + c);
  sincospif(f, &s, &c);
  ADD(sinf(3.14159265f * f) + cosf(3.14159265f * f), s + c);
  __builtin_assume(n > 0);
  const float4 v = make_float4(f, g, 1, 2);
  const double2 w = make_double2(d, 2);
  const uchar4 u = make_uchar4(1, 2, 3, 4);
  ADD(f + g + 3 + 2 + 4, float(v.x + v.y + v.z + v.w + w.y + u.w));
}
