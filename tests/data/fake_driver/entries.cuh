// Kernels whose names tell the fake driver what to do.
extern "C" __global__ void works(const float* x, float* y) { y[0] = x[0]; }
extern "C" __global__ void faults(const float* x, float* y) { y[0] = x[0]; }
extern "C" __global__ void crashes(const float* x, float* y) { y[0] = x[0]; }
extern "C" __global__ void hangs(const float* x, float* y) { y[0] = x[0]; }
extern "C" __global__ void refuses(const float* x, float* y) { y[0] = x[0]; }
extern "C" __global__ void naps(const float* x, float* y) { y[0] = x[0]; }
extern "C" __global__ void takes_one(const float* x) {}
extern "C" __global__ void takes_three(const float* x, float* y, float* z) { y[0] = x[0]; }
using Narrow = int;  // a type of the source's own, which is not compared with the argument
extern "C" __global__ void takes_narrow(const float* x, Narrow y) {}
