// Copies of boxes of a tensor, and of plain bytes, to shared memory by the copy engine (TMA,
// sm_90), and the barriers in shared memory that report their completion (mbarrier).
//
// A barrier goes through phases of parity 0, 1, 0, ... A phase ends when all arrivals have been
// made and all expected bytes have landed. A box may reach beyond the tensor's edges: zeros are
// written for the elements outside. A tensor map may round f32 to the nearest TF32 during the copy
// (measured on an H100: ties to even).
#pragma once

#include "common/config.cuh"
#include "common/shared.cuh"

// Programs for several architectures compile this file for all of them; launchers run its code only
// on compute capability 9.0.
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 900
#define TW_SM90_ASM(...) asm volatile(__VA_ARGS__)
#else
#define TW_SM90_ASM(...)
#endif

namespace tw {

// The type of a kernel parameter `const __grid_constant__ TensorMap map`, which is {tensor_map =
// "x", ...} in the kernel's TOML. It is <cuda.h>'s CUtensorMap, which NVRTC does not have.
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

  // Initialises the barrier. One thread calls it, before fence_barrier_init() and a
  // __syncthreads().
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

  // Arrives, and adds `bytes` to the bytes that must land before this phase ends.
  TW_DEVICE void arrive_and_expect(int bytes) const {
#ifdef TW_CPU_DEVICE
    tw_cpu::runtime->barrier_arrive(at_.address(), bytes);
#else
    TW_SM90_ASM("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(at_.address()),
                "r"(bytes)
                : "memory");
#endif
  }

  // Waits for the end of the phase with this parity if that phase is under way. For a new barrier
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

// Makes barriers that this thread has initialised visible to the copy engine.
TW_DEVICE void fence_barrier_init() {
  TW_SM90_ASM("fence.mbarrier_init.release.cluster;" ::: "memory");
}

// Makes the copy engine read a map now, so that the first copy need not wait for it.
TW_DEVICE void prefetch_map([[maybe_unused]] const TensorMap& map) {
  TW_SM90_ASM("prefetch.tensormap [%0];" ::"l"(&map) : "memory");
}

// Starts the copy of a box of a three-dimensional tensor; x runs along the rows. The box's first
// element is (z, y, x). Its bytes land in the current phase of `full`. `to` is aligned to 128
// bytes, or to 1024 if the map is swizzled by 128. One thread calls it.
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

// Starts the copy of `bytes` neighbouring bytes, a multiple of 16 and at most 65536, which land in
// the current phase of `full`. `from` is aligned to 16 bytes, `to` to 128. One thread calls it.
template <class T>
TW_DEVICE void load_bytes(SharedPointer<T> to, const T* from, int bytes, const Barrier& full) {
#ifdef TW_CPU_DEVICE
  const auto words = static_cast<unsigned short>(bytes / 8);
  const TensorMap map{from, {8}, {words}, {words}, 1, 8, 0, 0, {}, {}, {}, 0, {}};
  const int first = 0;
  tw_cpu::runtime->tensor_load(to.address(), &map, &first, full.address());
#else
  TW_SM90_ASM(
      "cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::
          "r"(to.address()),
      "l"(from), "r"(bytes), "r"(full.address())
      : "memory");
#endif
}

// The same as load_tensor for a four-dimensional tensor.
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

// Starts a copy with an im2col map of a tensor [image][row][column][channel]. It copies the
// channels from `channel` on, one line for each pixel. The first pixel is (image, row, column),
// which is in the map's window; the others follow it in the window. The copy reads each pixel with
// an offset of so many columns and rows, at most 255.
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
