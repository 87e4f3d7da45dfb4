// Products of large matrices by a warpgroup (wgmma, sm_90a). A warpgroup is 4 consecutive warps;
// the index of the first one is a multiple of 4. It multiplies 64 rows of A by up to 256 columns of
// B, both in shared memory, asynchronously. All 128 threads take part.
//
//    a tile in shared memory (PTX ISA, "Shared Memory Matrix Layout", 128-byte swizzling): lines of
//    128 bytes. Chunk c of 16 bytes of a line lies at c ^ (line % 8). Tiles begin at a multiple of
//    1024 bytes.
//
//      K-major: line x holds 128 bytes        MN-major (16 bits): line k of a panel
//      of k of row x of A (column of B)       holds 64 of x
//              k                                     x 0..63          x 64..127
//        x 0  |0 1 2 3 4 5 6 7|                 k 0 |0 1 2 3 ...|    |0 1 2 3 ...|
//          1  |1 0 3 2 5 4 7 6|                   1 |1 0 3 2 ...|    |1 0 3 2 ...|
//          2  |2 3 0 1 6 7 4 5|                   2 |2 3 0 1 ...|    |2 3 0 1 ...|
//
//    or, without swizzling and K-major, lines of 16 bytes: the line of x + 1 follows the line of x.
//
//    D: thread 4 * g + t of warp w has d[j][i] = D[16 * w + g + 8 * (i / 2)][8 * j + 2 * t + i % 2]
//    A in registers, 8 of k: the thread has words[i] = A[16 * w + g + 8 * (i % 2)][t + 4 * (i / 2)]
//
// f32 operands are read as TF32: their lowest 13 bits are ignored.
#pragma once

#include "common/config.cuh"
#include "common/half.cuh"
#include "common/mma.cuh"
#include "common/named_barrier.cuh"
#include "common/shared.cuh"
#include "common/wgmma_instruction.cuh"

// Programs for several targets compile this file for all of them; launchers run the code only on
// sm_90a.
#ifdef __CUDA_ARCH_FEAT_SM90_ALL
#define TW_WGMMA_ASM(...) asm volatile(__VA_ARGS__)
#else
#define TW_WGMMA_ASM(...)
#endif

namespace tw {

// Makes this thread's earlier writes to shared memory visible to wgmma, including its cp.async
// copies that have landed. A barrier must follow before other threads multiply the data.
TW_DEVICE void fence_proxy_async() { TW_WGMMA_ASM("fence.proxy.async.shared::cta;" ::: "memory"); }

// Returns the first address in dynamic shared memory after `head` bytes that is aligned to 1024
// bytes, as wgmma's tiles must be.
template <class T>
TW_DEVICE SharedPointer<T> aligned_shared(int head = 0) {
  const auto shared = SharedPointer<T>::dynamic();
#ifdef TW_CPU_DEVICE
  const auto address = reinterpret_cast<size_t>(shared.address());
#else
  const unsigned address = shared.address();
#endif
  const auto from = address + static_cast<unsigned>(head);
  return shared + static_cast<int>(((from + 1023) / 1024 * 1024 - address) / sizeof(T));
}

// Returns the index of the calling thread's warp in its block. The shuffle tells the compiler that
// the value is the same for all lanes: wgmma's descriptors are warp-uniform.
TW_DEVICE int uniform_warp() {
  return __shfl_sync(0xffffffffu, static_cast<int>(threadIdx.x) / 32, 0);
}

// A barrier of only the calling thread's warpgroup. A block that uses it has at most 15 warpgroups.
TW_DEVICE void sync_warpgroup() { sync_some<128>(static_cast<int>(threadIdx.x) / 128 + 1); }

#ifdef TW_CPU_DEVICE
namespace detail {

// The address where an operand begins, and the distance to its second 16 bytes of k if it varies.
struct WgmmaPlace {
  const unsigned char* first;
  int next;
};

template <class T>
inline float wgmma_element(const void* from) {
  T element;
  memcpy(&element, from, sizeof element);
  if constexpr (sizeof(T) == 4) {
    return Operand<float>::at(__float_as_uint(element), 0);
  } else {
    return to_float(element);
  }
}

}  // namespace detail
#endif

// A position in a tile, for one step of 32 bytes of k. kLines is the number of lines of a panel of
// an MN-major tile.
template <class T, bool kKMajor, int kLines = 0>
class WgmmaOperand {
  static_assert(kKMajor || sizeof(T) == 2, "32-bit operands are K-major");
  static_assert(kKMajor || kLines % 8 == 0, "the swizzle repeats every 8 lines");

 public:
  using Element = T;
  static constexpr bool kMnMajor = !kKMajor;

  // `tile` is aligned to 1024 bytes.
  TW_DEVICE explicit WgmmaOperand(SharedPointer<T> tile) {
#ifdef TW_CPU_DEVICE
    place_ = reinterpret_cast<const unsigned char*>(tile.address());
#else
    // The fields have 14 bits each and are in units of 16 bytes: the address; the distance between
    // panels of 64 of x in MN-major tiles; the distance between groups of 8 lines. Mode 1: swizzled
    // by 128 bytes.
    constexpr unsigned long long kPanel = kKMajor ? 1 : kLines * 128 / 16;
    constexpr unsigned long long kEightLines = 1024 / 16;
    place_ = (tile.address() & 0x3ffffu) >> 4 | kPanel << 16 | kEightLines << 32 | 1ull << 62;
#endif
  }

  // Returns the operand from row (column) x on, a multiple of 64, at the step-th 32 bytes of k (16
  // lines of an MN-major tile).
  TW_DEVICE WgmmaOperand at(int x, int step) const {
    const int bytes = kKMajor ? x * 128 + step * 32 : x / 64 * (kLines * 128) + step * 2048;
    WgmmaOperand result = *this;
#ifdef TW_CPU_DEVICE
    result.place_ += bytes;
#else
    result.place_ += static_cast<unsigned>(bytes) / 16;
#endif
    return result;
  }

#ifdef TW_CPU_DEVICE
  detail::WgmmaPlace place() const { return {place_, 0}; }
  // Returns the value that the tensor cores read at a place.
  static float element(const detail::WgmmaPlace& place, int x, int k) {
    constexpr int kBytes = static_cast<int>(sizeof(T));
    const int offset =
        kKMajor ? x * 128 + k * kBytes : x / 64 * (kLines * 128) + k * 128 + x % 64 * kBytes;
    const auto linear = reinterpret_cast<size_t>(place.first + offset);
    return detail::wgmma_element<T>(reinterpret_cast<const void*>(linear ^ (linear >> 7 & 7) << 4));
  }

 private:
  const unsigned char* place_;
#else
  TW_DEVICE unsigned long long descriptor() const { return place_; }

 private:
  unsigned long long place_;
#endif
};

// The same for lines of 16 bytes: each line is half a step of one x. A tile may begin at any line.
template <class T>
class WgmmaLines {
 public:
  using Element = T;
  static constexpr bool kMnMajor = false;

  // `tile` is aligned to 16 bytes.
  TW_DEVICE explicit WgmmaLines(SharedPointer<T> tile) {
#ifdef TW_CPU_DEVICE
    place_ = {reinterpret_cast<const unsigned char*>(tile.address()), 0};
#else
    // As above. The second field is the distance from a line to the line of the second half. Mode
    // 0: not swizzled.
    constexpr unsigned long long kEightLines = 128 / 16;
    place_ = (tile.address() & 0x3ffffu) >> 4 | kEightLines << 32;
#endif
  }

  // Returns the operand that begins at this line. The lines of the second half begin `next` lines
  // later.
  TW_DEVICE WgmmaLines at(int line, int next) const {
    WgmmaLines result = *this;
#ifdef TW_CPU_DEVICE
    result.place_ = {place_.first + line * 16, next * 16};
#else
    result.place_ += static_cast<unsigned>(line) | static_cast<unsigned>(next) << 16;
#endif
    return result;
  }

#ifdef TW_CPU_DEVICE
  detail::WgmmaPlace place() const { return place_; }
  static float element(const detail::WgmmaPlace& place, int x, int k) {
    constexpr int kHalf = 16 / static_cast<int>(sizeof(T));
    return detail::wgmma_element<T>(place.first + k / kHalf * place.next + x * 16 +
                                    k % kHalf * static_cast<int>(sizeof(T)));
  }

 private:
  detail::WgmmaPlace place_;
#else
  TW_DEVICE unsigned long long descriptor() const { return place_; }

 private:
  unsigned long long place_;
#endif
};

// A step of A in registers, 64 x 8 TF32: this thread's words.
struct WgmmaHeld {
  unsigned words[4];
};

// The products of a thread's warpgroup that are under way. Until the wait that covers them, the
// operands must not change and the sums must not be touched.
class WgmmaQueue {
 public:
  // Makes the contents of registers visible to the first product of a group. Call it before this
  // product.
  TW_DEVICE void begin() { TW_WGMMA_ASM("wgmma.fence.sync.aligned;" ::: "memory"); }

  // Closes the group of the products since the last commit.
  TW_DEVICE void commit() {
#ifdef TW_CPU_DEVICE
    ++committed_;
#else
    TW_WGMMA_ASM("wgmma.commit_group.sync.aligned;" ::: "memory");
#endif
  }

  // Waits until at most the kPending youngest groups are still under way.
  template <int kPending>
  TW_DEVICE void wait() {
#ifdef TW_CPU_DEVICE
    int left = 0;
    for (int i = 0; i < count_; ++i) {
      const Product& product = products_[i];
      if (product.group < committed_ - kPending) {
        product.run(product);
      } else {
        products_[left++] = product;
      }
    }
    count_ = left;
#else
    TW_WGMMA_ASM("wgmma.wait_group.sync.aligned %0;" ::"n"(kPending) : "memory");
#endif
  }

  // D += A * B, or D = A * B; D is 64 x 8 * kColumns.
  template <class A, class B, int kColumns>
  TW_DEVICE void multiply(float (&d)[kColumns][4], const A& a, const B& b, bool add);
  template <class B, int kColumns>
  TW_DEVICE void multiply(float (&d)[kColumns][4], const WgmmaHeld& a, const B& b, bool add);

 private:
#ifdef TW_CPU_DEVICE
  struct Product {
    void (*run)(const Product&);
    float* d;
    detail::WgmmaPlace a, b;
    bool add;
    int group;
    // For an A in registers: the thread's registers, what they held at the start, and the thread's
    // rows.
    const WgmmaHeld* registers;
    WgmmaHeld held;
    float rows[2][8];
  };
  static constexpr int kMost = 64;
  Product products_[kMost];
  int count_ = 0;
  int committed_ = 0;

  template <class A, class B, int kDepth, int kColumns>
  static void run(const Product& product) {
    auto& d = *reinterpret_cast<float(*)[kColumns][4]>(product.d);
    const int row = static_cast<int>(threadIdx.x) % 128 / 32 * 16 + tw_cpu::lane() / 4;
    float rows[2][kDepth];
    for (int k = 0; k < kDepth; ++k) {
      rows[0][k] = A::element(product.a, row, k);
      rows[1][k] = A::element(product.a, row + 8, k);
    }
    add_rows<B>(d, product, rows);
  }

  template <class B, int kColumns>
  static void run_held(const Product& product) {
    auto& d = *reinterpret_cast<float(*)[kColumns][4]>(product.d);
    if (memcmp(product.registers, &product.held, sizeof product.held) != 0)
      tw_cpu::runtime->fault("an operand in registers changed during its wgmma", nullptr, 0);
    add_rows<B>(d, product, product.rows);
  }

  template <class B, int kDepth, int kColumns>
  static void add_rows(float (&d)[kColumns][4], const Product& product,
                       const float (&rows)[2][kDepth]) {
    for (int column = 0; column < 2 * kColumns; ++column) {
      const int x = column / 2 * 8 + tw_cpu::lane() % 4 * 2 + column % 2;
      float* const sums = d[column / 2] + column % 2;
      double wide[2] = {product.add ? sums[0] : 0.0, product.add ? sums[2] : 0.0};
      for (int k = 0; k < kDepth; ++k) {
        const double of_b = B::element(product.b, x, k);
        wide[0] += rows[0][k] * of_b;
        wide[1] += rows[1][k] * of_b;
      }
      sums[0] = static_cast<float>(wide[0]);
      sums[2] = static_cast<float>(wide[1]);
    }
  }

  void push(const Product& product) {
    if (count_ == kMost)
      tw_cpu::runtime->fault("more wgmma under way than the emulation keeps", nullptr, 0);
    products_[count_++] = product;
  }
#endif
};

// Keeps the compiler from moving accesses to the sums across this place: the compiler does not know
// that products continue after they were started.
template <int kColumns>
TW_DEVICE void pin(float (&d)[kColumns][4]) {
#ifndef TW_CPU_DEVICE
  TW_UNROLL
  for (int i = 0; i < 4 * kColumns; ++i) asm volatile("" : "+f"(d[i / 4][i % 4])::"memory");
#endif
}

template <class A, class B, int kColumns>
TW_DEVICE void WgmmaQueue::multiply(float (&d)[kColumns][4], const A& a, const B& b, bool add) {
  using T = typename A::Element;
#ifdef TW_CPU_DEVICE
  push({run<A, B, 32 / static_cast<int>(sizeof(T)), kColumns>,
        &d[0][0],
        a.place(),
        b.place(),
        add,
        committed_,
        nullptr,
        {},
        {}});
#else
  detail::wgmma<T, A::kMnMajor ? 1 : 0, B::kMnMajor ? 1 : 0>(d, a.descriptor(), b.descriptor(),
                                                             add);
#endif
}

template <class B, int kColumns>
TW_DEVICE void WgmmaQueue::multiply(float (&d)[kColumns][4], const WgmmaHeld& a, const B& b,
                                    bool add) {
#ifdef TW_CPU_DEVICE
  const auto* const all = static_cast<const WgmmaHeld*>(tw_cpu::gather(&a, sizeof a));
  Product product{run_held<B, kColumns>, &d[0][0], {}, b.place(), add, committed_, &a, a, {}};
  for (int half = 0; half < 2; ++half) {
    for (int k = 0; k < 8; ++k) {
      const WgmmaHeld& of_lane = all[tw_cpu::lane() / 4 * 4 + k % 4];
      product.rows[half][k] = detail::Operand<float>::at(of_lane.words[half + k / 4 * 2], 0);
    }
  }
  push(product);
#else
  detail::wgmma_held(d, a.words, b.descriptor(), add);
#endif
}

}  // namespace tw

#undef TW_WGMMA_ASM
