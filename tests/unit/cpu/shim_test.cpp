// The features that kernels rely on when they run on the host. Each test runs small kernels through
// the shim and the scheduler, in every order of the threads. Longer than 400 lines: one module of
// kernels, and the tests that they are named after.
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "devices/cpu/compile/host_compiler.h"
#include "devices/cpu/compile/module.h"
#include "devices/cpu/emulation/sanitizer.h"
#include "devices/cpu/emulation/scheduler.h"

namespace tw::cpu {
namespace {

// One module for all tests, so that it is compiled only once. Kernels have the names of their
// tests.
constexpr const char* kernels = R"(
template <class T> __global__ void reverse(T* out, int barrier) {
  __shared__ __align__(16) T line[256];
  const unsigned last = blockDim.x - 1;
  line[threadIdx.x] = static_cast<T>(blockIdx.x * 1000 + threadIdx.x);
  if (barrier) __syncthreads();
  out[blockIdx.x * blockDim.x + threadIdx.x] = line[last - threadIdx.x];
}
__global__ void indices(unsigned* out) {
  const unsigned block = blockIdx.x + gridDim.x * (blockIdx.y + gridDim.y * blockIdx.z);
  const unsigned thread = threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
  out[block * blockDim.x * blockDim.y * blockDim.z + thread] = block * 100 + thread;
}
__global__ void shared_dynamic(float* out, int write_at, int read_at) {
  float* shared = static_cast<float*>(tw_cpu::dynamic_shared());
  if (threadIdx.x == 0) shared[write_at] = 1;
  __syncthreads();
  out[threadIdx.x] = shared[read_at];
}
__global__ void shuffles(int* out) {
  const int lane = threadIdx.x % 32, all = 0xffffffff;
  out[threadIdx.x] = __shfl_sync(all, lane * 3, lane + 5, 8);
  out[64 + threadIdx.x] = __shfl_up_sync(all, lane, 3, 16);
  out[128 + threadIdx.x] = __shfl_down_sync(all, lane, 3, 16);
  out[192 + threadIdx.x] = __shfl_xor_sync(all, lane, 9);
  const double wide = __shfl_xor_sync(all, lane + 0.25, 31);
  out[256 + threadIdx.x] = static_cast<int>(4 * wide);
  const float4 v = make_float4(1, 2, 3, 4);
  out[320 + threadIdx.x] = __shfl_sync(all, static_cast<int>(v.w) + lane, 0);
}
__global__ void reduce(float* out) {
  float sum = threadIdx.x;
  for (int step = 16; step > 0; step /= 2) sum += __shfl_xor_sync(0xffffffffu, sum, step);
  out[threadIdx.x] = sum;
}
__global__ void integers(unsigned long long* out) {
  const unsigned long long large = 1ull << 63;
  out[0] = max(large, 5ll);
  out[1] = min(-1ll, large);
  out[2] = max(-1, 3u);
  out[3] = static_cast<unsigned>(__dp4a(0x01ff0203, 0x02030405, 100));
  out[4] = __dp4a(0x01ff0203u, 0x02030405u, 100u);
  out[5] = static_cast<unsigned>(__clzll(1ll << 40));
  out[6] = static_cast<unsigned>(__ffsll(1ll << 40));
  out[7] = static_cast<unsigned>(__mulhi(1 << 30, -8));
  out[8] = static_cast<unsigned>(__float2int_rn(2.5f));
}
__global__ void votes(unsigned* out) {
  const unsigned lane = threadIdx.x % 32;
  const unsigned mask = lane < 16 ? 0x0000ffffu : 0xffff0000u;
  out[threadIdx.x] = __ballot_sync(mask, lane % 3 == 0);
  const int any = __any_sync(0xffffffffu, lane == 7), all = __all_sync(0xffffffffu, lane < 16);
  out[48 + threadIdx.x] = any + 2 * all;
  out[96 + threadIdx.x] = __activemask() >> lane;
}
__global__ void branches(unsigned* out) {
  if (threadIdx.x >= 40) return;
  __shfl_xor_sync(0xffffffffu, 1, 0);
  if (threadIdx.x % 4 == 0) {
    out[threadIdx.x] = __activemask();
  } else if (threadIdx.x % 2 == 0) {
    __syncwarp(__activemask());
    out[threadIdx.x] = __activemask();
  } else {
    out[threadIdx.x] = 0;
  }
  out[48 + threadIdx.x] = __activemask();
}
__global__ void warp_exchange(int* out) {
  __shared__ int line[64];
  line[threadIdx.x] = threadIdx.x;
  __syncwarp();
  out[threadIdx.x] = line[threadIdx.x ^ 1];
}
__global__ void collective_after_exit(int* out) {
  if (threadIdx.x >= 20) return;
  out[threadIdx.x] = __shfl_sync(0xffffffffu, static_cast<int>(threadIdx.x), 19);
}
__global__ void bad_collective(int* out, int kind) {
  const unsigned lane = threadIdx.x;
  if (kind == 0) out[lane] = __ballot_sync(lane < 16 ? 0x0001ffffu : 0xffff8000u, 1);
  if (kind == 1) out[lane] = __ballot_sync(0x1u, 1);
  if (kind == 2) out[lane] = __any_sync(0xfffffff0u, 1);
  if (kind == 3 && lane < 16) out[lane] = __shfl_sync(0x0000ffffu, 1, 20);
  if (kind == 5) {
    out[lane] = lane < 16 ? __ballot_sync(0xffffffffu, 1) : __shfl_sync(0xffffffffu, 1, 0);
  }
  if (kind == 4 && lane < 16) __syncwarp();
  if (kind == 4 && lane >= 16) __syncthreads();
}
__global__ void early_exit(int* out, int live) {
  __shared__ int line[96];
  const int last = blockDim.x - 1, mine = threadIdx.x;
  // The threads that are about to return have voted, too.
  out[mine] = __syncthreads_count(1);
  if (mine >= live) return;
  line[mine] = mine;
  __syncthreads();
  out[mine] += line[live - 1 - mine];
  out[last + 1 + mine] = __syncthreads_count(mine % 4 == 0);
  out[2 * last + 2 + mine] = __syncthreads_and(mine < live) + 2 * __syncthreads_and(mine > 0) +
                             4 * __syncthreads_or(mine == 0) + 8 * __syncthreads_or(mine == live);
}
__global__ void bad_barrier(int kind) {
  const unsigned mine = threadIdx.x;
  if (mine >= 96) return;
  if (kind == 0) {  // two barriers
    if (mine < 64) __syncthreads();
    else tw_cpu::runtime->sync_some(1, 64);
  } else if (kind == 1) {  // a named barrier counts threads, not those that live
    tw_cpu::runtime->sync_some(1, 128);
  } else if (mine < 16) {
    __syncwarp();
  } else {
    __syncthreads();
  }
}
__global__ void copies(float* out, const float* in, int pending) {
  float* shared = static_cast<float*>(tw_cpu::dynamic_shared()) + 8 * threadIdx.x;
  for (int i = 0; i < 8; ++i) shared[i] = 7;
  tw_cpu::cp_async(shared, in + 4 * threadIdx.x, 16, 16);
  tw_cpu::cp_async_commit();
  tw_cpu::cp_async(shared + 4, in, 16, 4);
  tw_cpu::cp_async_commit();
  tw_cpu::cp_async_wait(pending);
  for (int i = 0; i < 8; ++i) out[8 * threadIdx.x + i] = shared[i];
}
__global__ void copies_without_barrier(float* out, const float* in, int barrier) {
  float* shared = static_cast<float*>(tw_cpu::dynamic_shared());
  tw_cpu::cp_async(shared + threadIdx.x, in + threadIdx.x, 4, 4);
  tw_cpu::cp_async_commit();
  tw_cpu::cp_async_wait(0);
  if (barrier) __syncthreads();
  out[threadIdx.x] = shared[threadIdx.x ^ 1];
}
__global__ void bad_copy(const float* in, int from, int to, int bytes) {
  float* shared = static_cast<float*>(tw_cpu::dynamic_shared());
  tw_cpu::cp_async(shared + to, in + from, bytes, bytes);
}
__global__ void atomics(unsigned* u, int* i, float* f) {
  atomicAdd(f, 0.5f);
  atomicAdd(i, 2);
  atomicMax(i + 1, static_cast<int>(threadIdx.x) - 5);
  atomicMin(i + 2, -static_cast<int>(threadIdx.x));
  atomicInc(u, 5);
  atomicDec(u + 1, 5);
  atomicOr(u + 2, 1u << (threadIdx.x % 32));
  if (atomicCAS(u + 3, 0, 17) == 0) atomicAdd(u + 4, 1);
  atomicExch(u + 5, 9);
}
__global__ void last_block(unsigned* counter, int* out) {
  __shared__ bool last;
  if (threadIdx.x == 0) last = atomicInc(counter, gridDim.x - 1) == gridDim.x - 1;
  __syncthreads();
  if (last && threadIdx.x == 0) *out += 1;
}
// Each block stores its threads' numbers, and the last one adds them up. Flaws: 1 no barrier before
// a block is counted; 2 it is counted before it stores its numbers; 3 it reads before it is
// counted.
__global__ void last_block_adds(int* numbers, unsigned* counter, int* out, int flaw) {
  __shared__ bool last;
  const unsigned all = gridDim.x - 1;
  if (flaw == 2 && threadIdx.x == 0) last = atomicInc(counter, all) == all;
  numbers[blockIdx.x * blockDim.x + threadIdx.x] = blockIdx.x + 1;
  int sum = 0;
  for (unsigned i = 0; flaw == 3 && i <= all; ++i) sum += numbers[i * blockDim.x + threadIdx.x];
  __threadfence();
  if (flaw != 1) __syncthreads();
  if (flaw != 2 && threadIdx.x == 0) last = atomicInc(counter, all) == all;
  __syncthreads();
  if (!last) return;
  for (unsigned i = 0; flaw != 3 && i <= all; ++i) sum += numbers[i * blockDim.x + threadIdx.x];
  out[threadIdx.x] = sum;
}
// Each block signs a list twice; between that other blocks may run.
__device__ int of_all_blocks = 0;
extern "C" __global__ void signatures(unsigned* length, int* list, int* wrong) {
  __shared__ int line[96];
  __shared__ struct { char text[3]; double number; } odd;
  int* const dynamic = static_cast<int*>(tw_cpu::dynamic_shared());
  const int mine = blockIdx.x * 1000 + threadIdx.x;
  line[threadIdx.x] = dynamic[threadIdx.x] = mine;
  odd = {"ab", blockIdx.x + 0.5};
  if (threadIdx.x == 9) atomicMax(wrong + 2, atomicAdd(&of_all_blocks, 1) + 1);
  for (int i = 0; i < 2; ++i) {
    __syncthreads();
    if (threadIdx.x == 5) __threadfence();
    if (threadIdx.x == 5) list[atomicAdd(length, 1)] = blockIdx.x;
    if (line[threadIdx.x] != mine || dynamic[threadIdx.x] != mine) atomicAdd(wrong, 1);
    if (odd.number != blockIdx.x + 0.5 || odd.text[1] != 'b') atomicAdd(wrong + 1, 1);
  }
}
// Shared memory wherever CUDA allows it, beside a variable that all blocks share.
__shared__ int of_file[64];
namespace { __shared__ int of_namespace[64]; }
template <class T> __device__ T* of_template() { __shared__ T line[64]; return line; }
extern "C" __global__ void shared_everywhere(int* wrong, int* last) {
  static __device__ unsigned arrived;
  const int me = threadIdx.x, first = blockIdx.x * 64;
  for (int* const line : {of_file, of_namespace, of_template<int>()}) {
    line[me] = first + me;
    __syncthreads();
    __threadfence();
    if (me == 0) atomicAdd(wrong + 1, 1);
    if (line[63 - me] != first + 63 - me) atomicAdd(wrong, 1);
  }
  if (me == 0 && atomicInc(&arrived, gridDim.x - 1) == gridDim.x - 1) *last += 1;
}
// Each block waits for the block before it, as scans do that look back.
__global__ void look_back(unsigned* ticket, unsigned* prefix, int with_fence) {
  if (threadIdx.x > 0) return;
  const unsigned mine = atomicAdd(ticket, 1);
  unsigned before = 0;
  while (mine > 0 && before == 0) {
    before = with_fence ? prefix[mine - 1] : atomicAdd(prefix + mine - 1, 0);
    if (with_fence) __threadfence();
  }
  __threadfence();
  atomicExch(prefix + mine, before + 1);
}
__global__ void vector_load(float* out, const float* in, int offset) {
  const float4 v = *reinterpret_cast<const float4*>(in + offset);
  *out = v.x + v.w;
}
__global__ void plain_load(float* out, const float* in, int at) { out[threadIdx.x] = in[at]; }
__global__ void static_overflow(int* out, int at) {
  __shared__ int line[8];
  line[at] = 1;
  *out = line[at];
}
__global__ void trap() { __trap(); }
__global__ void many_barriers(int* out, int rounds) {
  __shared__ int total;
  if (threadIdx.x == 0) total = 0;
  for (int i = 0; i < rounds; ++i) {
    __syncthreads();
    if (threadIdx.x == i % blockDim.x) total += i;
  }
  __syncthreads();
  out[threadIdx.x] = total;
}
// Each warp gives its numbers to the next one, `rounds` times. Two collectives keep the warps
// together where each thread runs up to the next one.
__global__ void warp_ring(int* out, int rounds, int barrier) {
  __shared__ int line[128];
  int wrong = 0;
  for (int i = 0; i < rounds; ++i) {
    line[threadIdx.x] = i;
    __syncwarp();
    __syncwarp();
    if (barrier) __syncthreads();
    if (line[(threadIdx.x + 32) % 128] != i) ++wrong;
    if (barrier) __syncthreads();
    __syncwarp();
    __syncwarp();
  }
  out[threadIdx.x] = wrong;
}
__global__ void group_barriers(int* out, int rounds) {
  __shared__ int line[256];
  const int group = threadIdx.x / 128;
  for (int i = 0; i < rounds + group; ++i) {
    line[threadIdx.x] = i;
    tw_cpu::runtime->sync_some(1 + group, 128);
    out[threadIdx.x] += line[threadIdx.x ^ 127];
    tw_cpu::runtime->sync_some(1 + group, 128);
  }
}
// Takes `from`, 5 x 12 floats, in boxes of 4 x 8 through two stages; the first warp asks for them.
// flaws: 1 reads without a wait, 2 expects too few bytes, 3 asks once too often, 4 does not set the
// barriers up.
__global__ void tensor_copies(const tw_cpu::TensorMap map, float* out, int flaw) {
  float* const stages = static_cast<float*>(tw_cpu::dynamic_shared());  // 2 x 32
  void* const full[] = {stages + 64, stages + 66};
  void* const empty[] = {stages + 68, stages + 70};
  const auto* const runtime = tw_cpu::runtime;
  if (threadIdx.x == 0 && flaw != 4) {
    for (int i = 0; i < 2; ++i) {
      runtime->barrier_init(full[i], 1);
      runtime->barrier_init(empty[i], 32);
    }
  }
  __syncthreads();
  if (threadIdx.x == 0) {
    for (int box = 0; box < 4 + (flaw == 3); ++box) {
      runtime->barrier_wait(empty[box % 2], box / 2 % 2 ^ 1);
      runtime->barrier_arrive(full[box % 2], flaw == 2 ? 64 : 128);
      const int at[] = {box % 2 * 8, box / 2 * 4};
      runtime->tensor_load(stages + box % 2 * 32, &map, at, full[box % 2]);
    }
  }
  if (threadIdx.x < 32) return;
  const int lane = threadIdx.x - 32;
  for (int box = 0; box < 4; ++box) {
    if (flaw != 1) runtime->barrier_wait(full[box % 2], box / 2 % 2);
    out[box * 32 + lane] = stages[box % 2 * 32 + lane];
    runtime->barrier_arrive(empty[box % 2], 0);
  }
}
)";
const std::vector<std::string> entries{"reverse<float>",
                                       "indices",
                                       "shared_dynamic",
                                       "shuffles",
                                       "reduce",
                                       "votes",
                                       "branches",
                                       "integers",
                                       "warp_exchange",
                                       "collective_after_exit",
                                       "bad_collective",
                                       "early_exit",
                                       "bad_barrier",
                                       "copies",
                                       "copies_without_barrier",
                                       "bad_copy",
                                       "atomics",
                                       "last_block",
                                       "vector_load",
                                       "static_overflow",
                                       "trap",
                                       "many_barriers",
                                       "group_barriers",
                                       "tensor_copies",
                                       "warp_ring",
                                       "plain_load",
                                       "last_block_adds",
                                       "signatures",
                                       "shared_everywhere",
                                       "look_back"};

constexpr std::array every_order{Lanes::forwards, Lanes::backwards, Lanes::warps_ahead};

class ShimTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    Program program;
    program.text = kernels;
    program.entries = entries;
    const Compiled compiled = compile_module({&program, 1});
    ASSERT_EQ(compiled.error, "");
    module_ = new LoadedModule(compiled.path);
  }
  static void TearDownTestSuite() {
    delete module_;
    module_ = nullptr;
  }

  template <class... A>
  std::string run(const std::string& entry, Geometry geometry, Lanes lanes, A... args) {
    std::vector<void*> pointers{static_cast<void*>(&args)...};
    const auto at = std::find(entries.begin(), entries.end(), entry) - entries.begin();
    return scheduler_.run(module_->module(), static_cast<int>(at), geometry, pointers, {3, lanes});
  }

  static LoadedModule* module_;
  Scheduler scheduler_;
};
LoadedModule* ShimTest::module_ = nullptr;

Geometry threads(std::int64_t count, std::int64_t smem_bytes = 0) {
  return {{1, 1, 1}, {count, 1, 1}, smem_bytes};
}

TEST_F(ShimTest, BarrierMakesSharedWritesVisible) {
  for (const Lanes lanes : every_order) {
    std::vector<float> out(3 * 200);
    ASSERT_EQ(run("reverse<float>", {{3, 1, 1}, {200, 1, 1}, 0}, lanes, out.data(), 1), "");
    for (std::size_t i = 0; i < out.size(); ++i) {
      EXPECT_EQ(out[i], static_cast<float>(i / 200 * 1000 + 199 - i % 200));
    }
  }
}

TEST_F(ShimTest, WarpgroupsWaitForThemselvesAlone) {
  for (const Lanes lanes : every_order) {
    std::vector<int> out(256);
    ASSERT_EQ(run("group_barriers", threads(256), lanes, out.data(), 3), "");
    for (std::size_t i = 0; i < out.size(); ++i) EXPECT_EQ(out[i], i < 128 ? 3 : 6);
  }
  std::vector<int> out(64);
  EXPECT_EQ(run("group_barriers", threads(64), Lanes::forwards, out.data(), 1).substr(0, 24),
            "barrier 1 of 128 threads");
}

tw_cpu::TensorMap map_of(const std::vector<float>& from, bool tf32) {
  tw_cpu::TensorMap map{};
  map.data = from.data();
  map.rank = 2;
  map.element_bytes = 4;
  map.tf32 = tf32;
  map.strides[0] = 4;
  map.strides[1] = 48;
  map.extents[0] = 12;
  map.extents[1] = 5;
  map.box[0] = 8;
  map.box[1] = 4;
  return map;
}

TEST_F(ShimTest, TensorCopiesLandAtTheWait) {
  std::vector<float> from(60);
  for (std::size_t i = 0; i < from.size(); ++i) from[i] = 1 + 0x1p-11F * static_cast<float>(i);
  for (const bool tf32 : {false, true}) {
    for (const Lanes lanes : every_order) {
      std::vector<float> out(128, -1);
      ASSERT_EQ(run("tensor_copies", {{1, 1, 1}, {64, 1, 1}, 288}, lanes, map_of(from, tf32),
                    out.data(), 0),
                "");
      for (std::size_t i = 0; i < out.size(); ++i) {
        const std::size_t row = i / 64 * 4 + i % 32 / 8, column = i / 32 % 2 * 8 + i % 8;
        const std::size_t index = row * 12 + column;
        const bool inside = row < 5 && column < 12;
        // Values half-way between two TF32 numbers, 2^-10, go to the even neighbour.
        const float nearest = 1 + 0x1p-10F * static_cast<float>((index + index / 2 % 2) / 2);
        EXPECT_EQ(out[i], !inside ? 0 : tf32 ? nearest : from[index]) << i;
      }
    }
  }
}

TEST_F(ShimTest, FlawedTensorCopiesShow) {
  const std::vector<float> from(60, 1);
  std::vector<float> out(128);
  const auto flawed = [&](int flaw) {
    return run("tensor_copies", {{1, 1, 1}, {64, 1, 1}, 288}, Lanes::forwards, map_of(from, false),
               out.data(), flaw);
  };
  flawed(1);
  EXPECT_TRUE(std::isnan(out[0]));
  EXPECT_EQ(flawed(2).substr(0, 47), "more bytes landed at a barrier than it expected");
  EXPECT_EQ(flawed(3), "a tensor copy that nobody waited for");
  EXPECT_EQ(flawed(4).substr(0, 34), "a barrier that was not initialised");
}

TEST_F(ShimTest, MissingBarrierShows) {
  std::vector<float> out(3 * 200);
  ASSERT_EQ(run("reverse<float>", {{3, 1, 1}, {200, 1, 1}, 0}, Lanes::forwards, out.data(), 0), "");
  int wrong = 0;
  for (std::size_t i = 0; i < out.size(); ++i) {
    wrong += out[i] != static_cast<float>(i / 200 * 1000 + 199 - i % 200);
  }
  EXPECT_GT(wrong, 0);
}

TEST_F(ShimTest, MissingBarrierBetweenWarpsShowsWhereTheyRunAhead) {
  const auto wrong_in = [&](Lanes lanes, int barrier) {
    std::vector<int> out(128, -1);
    EXPECT_EQ(run("warp_ring", threads(128), lanes, out.data(), 5, barrier), "");
    return std::count_if(out.begin(), out.end(), [](int wrong) { return wrong != 0; });
  };
  for (const Lanes lanes : every_order) EXPECT_EQ(wrong_in(lanes, 1), 0);
  EXPECT_EQ(wrong_in(Lanes::forwards, 0), 0);
  EXPECT_EQ(wrong_in(Lanes::backwards, 0), 0);
  EXPECT_GT(wrong_in(Lanes::warps_ahead, 0), 32);
}

TEST_F(ShimTest, IndicesCoverGridAndBlock) {
  for (const Lanes lanes : every_order) {
    std::vector<unsigned> out(24 * 30, 0);
    ASSERT_EQ(run("indices", {{2, 3, 4}, {5, 3, 2}, 0}, lanes, out.data()), "");
    for (unsigned i = 0; i < out.size(); ++i) EXPECT_EQ(out[i], i / 30 * 100 + i % 30);
  }
}

TEST_F(ShimTest, DynamicSharedMemoryStartsAsNaN) {
  std::vector<float> out(4);
  ASSERT_EQ(run("shared_dynamic", threads(4, 64), Lanes::forwards, out.data(), 0, 15), "");
  EXPECT_TRUE(std::isnan(out[0]));
  ASSERT_EQ(run("shared_dynamic", threads(4, 64), Lanes::forwards, out.data(), 15, 15), "");
  EXPECT_EQ(out[3], 1);
}

TEST_F(ShimTest, WriteOutsideOfDynamicSharedMemoryIsAFault) {
  std::vector<float> out(4);
  const auto past = [&] {
    return run("shared_dynamic", threads(4, 64), Lanes::backwards, out.data(), 17, 0);
  };
  const auto before = [&] {
    return run("shared_dynamic", threads(4, 64), Lanes::backwards, out.data(), -1, 0);
  };
  if (has_asan) {
    EXPECT_DEATH(past(), "use-after-poison");
    EXPECT_DEATH(before(), "use-after-poison");
  } else {
    EXPECT_EQ(past(),
              "wrote outside of dynamic shared memory, 4 bytes past the end, in block (0,0,0)");
    EXPECT_EQ(before(),
              "wrote outside of dynamic shared memory, 4 bytes before the start, in block (0,0,0)");
  }
}

TEST_F(ShimTest, AccessesOutsideOfABufferAreFaultsThatNameIt) {
  if (has_asan) GTEST_SKIP() << "AddressSanitizer ends the process at such an access";
  const Guarded first(40, 4, Placement::at_begin, "x"), last(40, 4, Placement::at_end, "y");
  std::vector<float> out(2);
  const auto load = [&](const Guarded& from, int at) {
    return run("plain_load", threads(2), Lanes::forwards, out.data(),
               reinterpret_cast<const float*>(from.data()), at);
  };
  EXPECT_EQ(load(last, 9), "");
  EXPECT_TRUE(std::isnan(out[0]));
  for (int i = 0; i < 3; ++i) {  // also: the next launch works
    const std::string past = load(last, 10), before = load(first, -2);
    EXPECT_TRUE(past.find("read outside of y, 0 bytes past the end, thread") == 0) << past;
    EXPECT_TRUE(before.find("read outside of x, 8 bytes before the start, thread") == 0) << before;
    EXPECT_EQ(load(first, 0), "");
  }
  Guarded written(40, 4, Placement::at_end, "z");
  const std::string store = run("plain_load", threads(2), Lanes::forwards,
                                reinterpret_cast<float*>(written.data() + 40), out.data(), 0);
  EXPECT_TRUE(store.find("wrote outside of z, ") == 0) << store;
}

TEST_F(ShimTest, Shuffles) {
  for (const Lanes lanes : every_order) {
    std::vector<int> out(384, -1);
    ASSERT_EQ(run("shuffles", threads(64), lanes, out.data()), "");
    for (std::size_t i = 0; i < 64; ++i) {
      const int lane = static_cast<int>(i) % 32;
      EXPECT_EQ(out[i], (lane / 8 * 8 + (lane + 5) % 8) * 3);
      EXPECT_EQ(out[64 + i], lane % 16 < 3 ? lane : lane - 3);
      EXPECT_EQ(out[128 + i], lane % 16 + 3 >= 16 ? lane : lane + 3);
      EXPECT_EQ(out[192 + i], lane ^ 9);
      EXPECT_EQ(out[256 + i], 4 * (31 - lane) + 1);
      EXPECT_EQ(out[320 + i], 4);
    }
  }
}

TEST_F(ShimTest, ButterflyReduction) {
  for (const Lanes lanes : every_order) {
    std::vector<float> out(96);
    ASSERT_EQ(run("reduce", threads(96), lanes, out.data()), "");
    for (std::size_t i = 0; i < 96; ++i) {
      EXPECT_EQ(out[i], static_cast<float>(31 * 16 + i / 32 * 1024));
    }
  }
}

// CUDA's min and max compare a signed and an unsigned integer as unsigned ones.
TEST_F(ShimTest, IntegersAreAsInCuda) {
  std::vector<unsigned long long> out(9);
  ASSERT_EQ(run("integers", threads(1), Lanes::forwards, out.data()), "");
  EXPECT_EQ(out[0], 1ull << 63);
  EXPECT_EQ(out[1], 1ull << 63);
  EXPECT_EQ(out[2], 0xffffffffull);
  EXPECT_EQ(out[3], 100u + 2 - 3 + 8 + 15);
  EXPECT_EQ(out[4], 100u + 2 + 3 * 255 + 8 + 15);
  EXPECT_EQ(out[5], 23u);
  EXPECT_EQ(out[6], 41u);
  EXPECT_EQ(out[7], 0xfffffffeull);
  EXPECT_EQ(out[8], 2u);
}

TEST_F(ShimTest, VotesBySubsetsAndInAWarpThatIsNotFull) {
  for (const Lanes lanes : every_order) {
    std::vector<unsigned> out(144);
    ASSERT_EQ(run("votes", threads(48), lanes, out.data()), "");
    for (std::size_t i = 0; i < 48; ++i) {
      const unsigned thirds = 0x49249249u;
      EXPECT_EQ(out[i], thirds & (i % 32 < 16 ? 0xffffu : 0xffff0000u)) << i;
      EXPECT_EQ(out[48 + i], i < 32 ? 1u : 3u) << i;
      EXPECT_EQ(out[96 + i], (i < 32 ? 0xffffffffu : 0xffffu) >> i % 32) << i;
    }
  }
}

TEST_F(ShimTest, TheActiveThreadsAreThoseOfTheSameBranch) {
  for (const Lanes lanes : every_order) {
    std::vector<unsigned> out(96);
    ASSERT_EQ(run("branches", threads(48), lanes, out.data()), "");
    for (std::size_t i = 0; i < 40; ++i) {
      const unsigned live = i < 32 ? 0xffffffffu : 0xffu;
      const unsigned branch = i % 4 == 0 ? 0x11111111u : i % 4 == 2 ? 0x44444444u : 0u;
      EXPECT_EQ(out[i], branch & live) << i;
      EXPECT_EQ(out[48 + i] & (1u << i % 32), 1u << i % 32) << i;
    }
  }
}

TEST_F(ShimTest, SyncwarpMakesSharedWritesVisible) {
  for (const Lanes lanes : every_order) {
    std::vector<int> out(64);
    ASSERT_EQ(run("warp_exchange", threads(64), lanes, out.data()), "");
    for (int i = 0; i < 64; ++i) EXPECT_EQ(out[static_cast<std::size_t>(i)], i ^ 1);
  }
}

TEST_F(ShimTest, CollectivesWaitForLiveThreadsOnly) {
  for (const Lanes lanes : every_order) {
    std::vector<int> out(32, -1);
    ASSERT_EQ(run("collective_after_exit", threads(32), lanes, out.data()), "");
    EXPECT_EQ(out, [] {
      std::vector<int> expected(32, -1);
      std::fill_n(expected.begin(), 20, 19);
      return expected;
    }());
  }
}

TEST_F(ShimTest, WrongCollectivesAreFaults) {
  std::vector<int> out(32);
  const auto fault = [&](int kind) {
    return run("bad_collective", threads(32), Lanes::forwards, out.data(), kind);
  };
  const auto expect = [&](int kind, const std::string& part) {
    const std::string what = fault(kind);
    EXPECT_NE(what.find(part), std::string::npos) << what;
  };
  expect(0, "0 are at __syncthreads() and 0 have returned; 32 wait in warp collectives");
  expect(1, "lacks its own thread");
  expect(2, "lacks its own thread");
  expect(3, "thread 20 of the warp, which takes no part");
  expect(4, "deadlock: of 32 threads, 16 are at __syncthreads() and 0 have returned; 16 wait");
  expect(5, "32 wait in warp collectives for others, one with mask 0xffffffff");
}

TEST_F(ShimTest, BarriersWaitForTheThreadsThatHaveNotReturned) {
  constexpr int all = 96;
  for (const int live : {1, 20, 64, 96}) {
    for (const Lanes lanes : every_order) {
      std::vector<int> out(3 * all, -1);
      ASSERT_EQ(run("early_exit", threads(all), lanes, out.data(), live), "");
      for (int i = 0; i < all; ++i) {
        const auto at = static_cast<std::size_t>(i);
        EXPECT_EQ(out[at], i < live ? all + live - 1 - i : all) << i << " of " << live;
        EXPECT_EQ(out[all + at], i < live ? (live + 3) / 4 : -1) << i << " of " << live;
        EXPECT_EQ(out[2 * all + at], i < live ? 5 : -1) << i << " of " << live;
      }
    }
  }
}

TEST_F(ShimTest, BarriersThatOtherThreadsNeverReachAreFaultsAndTheNextLaunchRuns) {
  for (const Lanes lanes : every_order) {
    EXPECT_EQ(run("bad_barrier", threads(128), lanes, 0),
              "deadlock: of 128 threads, 64 are at __syncthreads() and 32 have returned; 32 wait "
              "for barriers in shared memory");
    EXPECT_EQ(run("bad_barrier", threads(128), lanes, 1),
              "deadlock: of 128 threads, 0 are at __syncthreads() and 32 have returned; 96 wait "
              "for barriers in shared memory");
    const std::string warp = run("bad_barrier", threads(128), lanes, 2);
    EXPECT_EQ(warp.substr(0, warp.find(", one")),
              "deadlock: of 128 threads, 80 are at __syncthreads() and 32 have returned; 16 wait "
              "in warp collectives for others");
  }
  std::vector<float> out(96);
  ASSERT_EQ(run("reduce", threads(96), Lanes::forwards, out.data()), "");
  EXPECT_EQ(out[0], 496);
}

TEST_F(ShimTest, CopiesLandAtTheWaitThatCoversThem) {
  std::vector<float> in(16), out(32);
  std::iota(in.begin(), in.end(), 1.0f);
  for (const int pending : {0, 1, 2}) {
    ASSERT_EQ(run("copies", threads(4, 128), Lanes::forwards, out.data(), in.data(), pending), "");
    for (std::size_t i = 0; i < 32; ++i) {
      const std::size_t thread = i / 8, group = i / 4 % 2, word = i % 4;
      if (group == 0 && pending < 2) {
        EXPECT_EQ(out[i], in[4 * thread + word]);
      } else if (group == 1 && pending < 1) {
        EXPECT_EQ(out[i], word == 0 ? in[0] : 0.0f);
      } else {
        EXPECT_TRUE(std::isnan(out[i])) << i;
      }
    }
  }
}

TEST_F(ShimTest, CopiesReachOtherThreadsAtTheBarrier) {
  std::vector<float> in(64), out(64);
  std::iota(in.begin(), in.end(), 1.0f);
  ASSERT_EQ(
      run("copies_without_barrier", threads(64, 256), Lanes::backwards, out.data(), in.data(), 1),
      "");
  for (std::size_t i = 0; i < 64; ++i) EXPECT_EQ(out[i], in[i ^ 1]);
  ASSERT_EQ(
      run("copies_without_barrier", threads(64, 256), Lanes::backwards, out.data(), in.data(), 0),
      "");
  EXPECT_TRUE(std::any_of(out.begin(), out.end(), [](float x) { return std::isnan(x); }));
}

TEST_F(ShimTest, CopiesMustBeAlignedAndOfACopyableSize) {
  alignas(16) std::array<float, 16> in{};
  const auto fault = [&](int from, int to, int bytes) {
    return run("bad_copy", threads(1, 256), Lanes::forwards, in.data(), from, to, bytes);
  };
  EXPECT_EQ(fault(4, 4, 16), "");
  EXPECT_EQ(fault(1, 4, 16), "misaligned cp.async of 16 bytes, thread (0,0,0) of block (0,0,0)");
  EXPECT_EQ(fault(4, 1, 8), "misaligned cp.async of 8 bytes, thread (0,0,0) of block (0,0,0)");
  EXPECT_EQ(fault(4, 4, 12), "cp.async moves 4, 8 or 16 bytes, thread (0,0,0) of block (0,0,0)");
}

TEST_F(ShimTest, Atomics) {
  for (const Lanes lanes : every_order) {
    std::array<unsigned, 6> u{0, 3, 0, 0, 0, 0};
    std::array<int, 3> i{1, -100, 100};
    float f = 1;
    ASSERT_EQ(run("atomics", {{2, 1, 1}, {40, 1, 1}, 0}, lanes, u.data(), i.data(), &f), "");
    EXPECT_EQ(f, 41);
    EXPECT_EQ(i, (std::array<int, 3>{161, 34, -39}));
    EXPECT_EQ(u, (std::array<unsigned, 6>{80 % 6, (3 + 6 * 80 - 80) % 6, 0xffffffffu, 17, 1, 9}));
  }
}

TEST_F(ShimTest, TheLastBlockIsOne) {
  for (const Lanes lanes : every_order) {
    unsigned counter = 0;
    int last = 0;
    ASSERT_EQ(run("last_block", {{7, 1, 1}, {64, 1, 1}, 0}, lanes, &counter, &last), "");
    EXPECT_EQ(last, 1);
    EXPECT_EQ(counter, 0u);
  }
}

TEST_F(ShimTest, ABlockMayWaitForEarlierBlocks) {
  for (const Lanes lanes : every_order) {
    for (const int with_fence : {0, 1}) {
      unsigned ticket = 0;
      std::vector<unsigned> prefix(20), expected(20);
      std::iota(expected.begin(), expected.end(), 1u);
      ASSERT_EQ(
          run("look_back", {{20, 1, 1}, {32, 1, 1}, 0}, lanes, &ticket, prefix.data(), with_fence),
          "");
      EXPECT_EQ(prefix, expected);
    }
  }
}

TEST_F(ShimTest, SharedMemoryMayBeDeclaredAnywhere) {
  int last = 0;
  for (const Lanes lanes : every_order) {
    std::array<int, 2> wrong{};
    ASSERT_EQ(run("shared_everywhere", {{20, 1, 1}, {64, 1, 1}, 0}, lanes, wrong.data(), &last),
              "");
    EXPECT_EQ(wrong, (std::array{0, 60}));
  }
  EXPECT_EQ(last, 3) << "one block of each launch is the last";
}

TEST_F(ShimTest, BlocksThatTellTooEarlyShowWhereBlocksTakeTurns) {
  if (has_asan) GTEST_SKIP() << "under AddressSanitizer blocks run one after the other";
  const auto wrong_in = [&](Lanes lanes, int blocks, int flaw) {
    std::vector<int> numbers(static_cast<std::size_t>(blocks) * 64), out(64);
    unsigned counter = 0;
    EXPECT_EQ(run("last_block_adds", {{blocks, 1, 1}, {64, 1, 1}, 0}, lanes, numbers.data(),
                  &counter, out.data(), flaw),
              "");
    return std::count_if(out.begin(), out.end(),
                         [&](int sum) { return sum != blocks * (blocks + 1) / 2; });
  };
  for (const int blocks : {2, 3, 8, 60}) {
    for (const Lanes lanes : every_order) EXPECT_EQ(wrong_in(lanes, blocks, 0), 0);
    for (const int flaw : {1, 2, 3}) {
      EXPECT_EQ(wrong_in(Lanes::forwards, blocks, flaw), 0);  // one block after the other
      EXPECT_GT(
          wrong_in(Lanes::backwards, blocks, flaw) + wrong_in(Lanes::warps_ahead, blocks, flaw), 0)
          << blocks << " " << flaw;
    }
  }
}

TEST_F(ShimTest, BlocksThatTakeTurnsHaveSharedMemoryOfTheirOwn) {
  if (has_asan) GTEST_SKIP() << "under AddressSanitizer blocks run one after the other";
  int blocks_so_far = 0;
  std::vector<int> one_by_one;
  for (const Lanes lanes : every_order) {
    unsigned length = 0;
    std::vector<int> list(40);
    std::array<int, 3> wrong{};
    ASSERT_EQ(
        run("signatures", {{20, 1, 1}, {96, 1, 1}, 384}, lanes, &length, list.data(), wrong.data()),
        "");
    EXPECT_EQ(length, 40u);
    if (blocks_so_far == 0) blocks_so_far = wrong[2] - 20;
    EXPECT_EQ(wrong, (std::array{0, 0, blocks_so_far += 20}));
    if (lanes == Lanes::forwards) one_by_one = list;
    if (lanes == Lanes::backwards) std::reverse(list.begin(), list.end());
    EXPECT_EQ(list == one_by_one, lanes == Lanes::forwards);
    std::sort(list.begin(), list.end());
    for (std::size_t i = 0; i < list.size(); ++i) EXPECT_EQ(list[i], static_cast<int>(i / 2));
  }
}

TEST_F(ShimTest, AFaultWhileBlocksAreHeldEndsTheLaunchAndTheNextOneRuns) {
  unsigned length = 0;
  std::vector<int> list(40);
  std::array<int, 3> wrong{};
  for (int i = 0; i < 2; ++i) {
    // Too little shared memory for the last threads.
    const auto few = [&] {
      return run("signatures", {{20, 1, 1}, {96, 1, 1}, 256}, Lanes::backwards, &length,
                 list.data(), wrong.data());
    };
    if (has_asan) {
      EXPECT_DEATH(few(), "use-after-poison");
    } else {
      EXPECT_NE(few(), "");
    }
    length = 0;
    EXPECT_EQ(run("signatures", {{20, 1, 1}, {96, 1, 1}, 384}, Lanes::backwards, &length,
                  list.data(), wrong.data()),
              "");
    length = 0;
  }
}

TEST_F(ShimTest, MisalignedVectorAccessIsAFaultThatNamesThePlace) {
  if (host_compiler().version.starts_with("clang")) {
    GTEST_SKIP() << "clang does not check the alignment of structs that are copied";
  }
  alignas(16) std::array<float, 16> in{1, 2, 3, 4, 5, 6, 7, 8};
  float out = 0;
  ASSERT_EQ(run("vector_load", threads(1), Lanes::forwards, &out, in.data(), 4), "");
  EXPECT_EQ(out, 13);
  const std::string fault = run("vector_load", threads(1), Lanes::forwards, &out, in.data(), 2);
  EXPECT_TRUE(fault.starts_with("misaligned access at ")) << fault;
  EXPECT_TRUE(fault.ends_with(", thread (0,0,0) of block (0,0,0)")) << fault;
}

TEST_F(ShimTest, IndexBeyondAnArrayIsAFault) {
  int out = 0;
  ASSERT_EQ(run("static_overflow", threads(1), Lanes::forwards, &out, 7), "");
  const std::string fault = run("static_overflow", threads(1), Lanes::forwards, &out, 8);
  EXPECT_TRUE(fault.starts_with("index beyond an array at ")) << fault;
}

TEST_F(ShimTest, TrapIsAFault) {
  EXPECT_EQ(run("trap", threads(2), Lanes::backwards).substr(0, 8), "__trap()");
}

TEST_F(ShimTest, FullBlocksWithManyBarriers) {
  for (const Lanes lanes : every_order) {
    std::vector<int> out(1024);
    ASSERT_EQ(run("many_barriers", threads(1024), lanes, out.data(), 100), "");
    EXPECT_EQ(out, std::vector<int>(1024, 4950));
  }
}

}  // namespace
}  // namespace tw::cpu
