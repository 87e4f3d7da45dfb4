// Copies of boxes of a tensor to shared memory by the copy engine (TMA, sm_90), and the barriers in
// shared memory on which they complete (mbarrier).
//
// A barrier goes through phases, of parity 0, 1, 0, ...: one ends when all arrivals have been made
// and all expected bytes have landed. A box reaches over the tensor's edges: zeros are written for
// what is outside. A tensor map may round f32 to the nearest TF32 on the way (measured on an H100:
// ties to even).
#pragma once

#include "common/config.cuh"
#include "common/shared.cuh"

// Programs for several architectures compile this file for all of them; launchers run it on cc 9.0.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
#define TW_SM90_ASM(...) asm volatile(__VA_ARGS__)
#else
#define TW_SM90_ASM(...)
#endif

namespace tw {

// A kernel's parameter: `const __grid_constant__ TensorMap map`, {tensor_map = "x", ...} in its
// TOML. <cuda.h>'s CUtensorMap, which NVRTC does not have.
#ifdef TW_CPU_DEVICE
using TensorMap = tw_cpu::TensorMap;
#else
struct alignas(64) TensorMap {
  unsigned long long opaque[16];
};
#endif

class Barrier {
 public:
  TW_DEVICE explicit Barrier(SharedPointer<unsigned long long> at) : at_(at) {}

  // By one thread, before fence_barrier_init() and a __syncthreads().
  TW_DEVICE void init(int arrivals) const {
#ifdef TW_CPU_DEVICE
    tw_cpu::runtime->barrier_init(at_.address(), arrivals);
#else
    TW_SM90_ASM("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(at_.address()), "r"(arrivals)
                : "memory");
#endif
  }

  TW_DEVICE void arrive() const {
#ifdef TW_CPU_DEVICE
    tw_cpu::runtime->barrier_arrive(at_.address(), 0);
#else
    TW_SM90_ASM("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(at_.address()) : "memory");
#endif
  }

  // An arrival; `bytes` are to land before this phase ends.
  TW_DEVICE void arrive_and_expect(int bytes) const {
#ifdef TW_CPU_DEVICE
    tw_cpu::runtime->barrier_arrive(at_.address(), bytes);
#else
    TW_SM90_ASM("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(at_.address()),
                "r"(bytes)
                : "memory");
#endif
  }

  // Waits for the end of the phase of that parity, if it is the phase under way: of a new barrier
  // the phase of parity 1 counts as ended.
  TW_DEVICE void wait(unsigned parity) const {
#ifdef TW_CPU_DEVICE
    tw_cpu::runtime->barrier_wait(at_.address(), parity);
#else
    TW_SM90_ASM(
        "{\n"
        ".reg .pred over;\n"
        "again:\n"
        "mbarrier.try_wait.parity.shared::cta.b64 over, [%0], %1;\n"
        "@!over bra again;\n"
        "}" ::"r"(at_.address()),
        "r"(parity)
        : "memory");
#endif
  }

  TW_DEVICE auto address() const { return at_.address(); }

 private:
  SharedPointer<unsigned long long> at_;
};

// Shows barriers that this thread has initialised to the copy engine.
TW_DEVICE void fence_barrier_init() {
  TW_SM90_ASM("fence.mbarrier_init.release.cluster;" ::: "memory");
}

// Starts the copy of the box whose first element is (z, y, x) of a tensor of three dimensions, x
// along its rows; its bytes land in the phase of `full` that is under way. `to` is aligned to 128
// bytes, to 1024 if the map is swizzled by 128. By one thread.
template <class T>
TW_DEVICE void load_tensor(SharedPointer<T> to, const TensorMap& map, const Barrier& full, int x,
                           int y, int z) {
#ifdef TW_CPU_DEVICE
  const int coordinates[] = {x, y, z};
  tw_cpu::runtime->tensor_load(to.address(), &map, coordinates, full.address());
#else
  TW_SM90_ASM(
      "cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::complete_tx::bytes "
      "[%0], [%1, {%2, %3, %4}], [%5];" ::"r"(to.address()),
      "l"(&map), "r"(x), "r"(y), "r"(z), "r"(full.address())
      : "memory");
#endif
}

// The same of four dimensions.
template <class T>
TW_DEVICE void load_tensor(SharedPointer<T> to, const TensorMap& map, const Barrier& full, int x,
                           int y, int z, int w) {
#ifdef TW_CPU_DEVICE
  const int coordinates[] = {x, y, z, w};
  tw_cpu::runtime->tensor_load(to.address(), &map, coordinates, full.address());
#else
  TW_SM90_ASM(
      "cp.async.bulk.tensor.4d.shared::cluster.global.mbarrier::complete_tx::bytes "
      "[%0], [%1, {%2, %3, %4, %5}], [%6];" ::"r"(to.address()),
      "l"(&map), "r"(x), "r"(y), "r"(z), "r"(w), "r"(full.address())
      : "memory");
#endif
}

// Starts the copy of an im2col map: the channels from `channel` on of pixels of
// [image][row][column][channel], a line for each. The first pixel is that at (image, row, column),
// which is in the map's window, and the others follow it there; what is read of each is so many
// columns and rows further on, at most 255.
template <class T>
TW_DEVICE void load_im2col(SharedPointer<T> to, const TensorMap& map, const Barrier& full,
                           int channel, int column, int row, int image, int columns, int rows) {
#ifdef TW_CPU_DEVICE
  const int coordinates[] = {channel, column, row, image, columns, rows};
  tw_cpu::runtime->tensor_load(to.address(), &map, coordinates, full.address());
#else
  TW_SM90_ASM(
      "cp.async.bulk.tensor.4d.shared::cluster.global.im2col.mbarrier::complete_tx::bytes "
      "[%0], [%1, {%2, %3, %4, %5}], [%6], {%7, %8};" ::"r"(to.address()),
      "l"(&map), "r"(channel), "r"(column), "r"(row), "r"(image), "r"(full.address()),
      "h"(static_cast<unsigned short>(columns)), "h"(static_cast<unsigned short>(rows))
      : "memory");
#endif
}

}  // namespace tw

#undef TW_SM90_ASM
