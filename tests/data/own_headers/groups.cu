#include <cooperative_groups.h>
#include <cooperative_groups/reduce.h>
#include <cooperative_groups/scan.h>

#include "parts.cuh"
namespace cg = cooperative_groups;

__device__ unsigned through_block(cg::thread_group group, unsigned* line, unsigned value) {
  line[group.thread_rank()] = value;
  group.sync();
  const unsigned other = line[group.size() - 1 - group.thread_rank()];
  group.sync();
  return other;
}

__global__ void check(const unsigned* x, unsigned* y, int n) {
  __shared__ unsigned line[64];
  const int i = blockIdx.x * blockDim.x + threadIdx.x, lane = threadIdx.x % 32;
  Results out{y + i * RESULTS};
  for (int k = 0; k < RESULTS; ++k) out.at[k] = 0;
  // Returns the value that another thread of the block has.
  const auto value = [&](int thread) {
    return bits_of(x[blockIdx.x * blockDim.x + thread], 0) >> 8;
  };
  const auto of_lane = [&](int l) { return value(threadIdx.x / 32 * 32 + l); };
  const unsigned mine = value(threadIdx.x);

  const cg::thread_block block = cg::this_thread_block();
  out.add(value(63 - threadIdx.x), through_block(block, line, mine));
  out.add(unsigned(threadIdx.x), unsigned(block.thread_rank()));
  out.add(64u, unsigned(block.size()));
  const auto warp = cg::tiled_partition<32>(block);
  const auto tile = cg::tiled_partition<8>(block);
  out.add(unsigned(lane % 8), unsigned(tile.thread_rank()));
  out.add(unsigned(threadIdx.x / 8), unsigned(tile.meta_group_rank()));
  out.add(8u, unsigned(tile.meta_group_size()));
  unsigned sum = 0, least = ~0u, most = 0, votes = 0, scan = 0;
  for (int l = 0; l < 32; ++l) {
    sum += of_lane(l);
    if (l <= lane) scan += of_lane(l);
    if (l / 8 != lane / 8) continue;
    least = of_lane(l) < least ? of_lane(l) : least;
    most = of_lane(l) > most ? of_lane(l) : most;
    votes |= (of_lane(l) & 1) << (l % 8);
  }
  out.add(sum, cg::reduce(warp, mine, cg::plus<unsigned>()));
  out.add(least, cg::reduce(tile, mine, cg::less<unsigned>()));
  out.add(most, cg::reduce(tile, mine, cg::greater<unsigned>()));
  out.add(scan, cg::inclusive_scan(warp, mine, cg::plus<unsigned>()));
  out.add(scan - mine, cg::exclusive_scan(warp, mine));
  out.add(votes, unsigned(tile.ballot(mine & 1)));
  out.add(votes != 0, bool(tile.any(mine & 1)));
  out.add(votes == 255, bool(tile.all(mine & 1)));
  out.add(of_lane(lane / 8 * 8 + 3), tile.shfl(mine, 3));
  out.add(of_lane(lane ^ 4), tile.shfl_xor(mine, 4));
  out.add(lane % 8 < 6 ? of_lane(lane + 2) : mine, tile.shfl_down(mine, 2));
  out.add(lane % 8 >= 1 ? of_lane(lane - 1) : mine, tile.shfl_up(mine, 1));
  unsigned odd_sum = 0;
  for (int l = 1; l < 32; l += 2) odd_sum += of_lane(l);
  if (lane % 2 == 1) {
    const cg::coalesced_group odd = cg::coalesced_threads();
    out.add(16u, unsigned(odd.size()));
    out.add(unsigned(lane / 2), unsigned(odd.thread_rank()));
    out.add(odd_sum, cg::reduce(odd, mine, cg::plus<unsigned>()));
    out.add(of_lane(5), odd.shfl(mine, 2));
  }
  cg::sync(block);
  const auto parts = cg::labeled_partition(warp, lane % 3);
  out.add(lane % 3 == 2 ? 10u : 11u, unsigned(parts.size()));
}
