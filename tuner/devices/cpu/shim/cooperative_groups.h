// Cooperative groups of a block and of the threads of a warp. Groups of several warps, of clusters
// and barriers of the grid are refused by the compiler, at the line that uses them.
#pragma once

#include <type_traits>

namespace tw_cpu {

inline unsigned rank_in_block() {
  return threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z);
}
inline unsigned threads_of_block() { return blockDim.x * blockDim.y * blockDim.z; }

}  // namespace tw_cpu

namespace cooperative_groups {

class thread_block {
 public:
  struct arrival_token {};
  static void sync() { __syncthreads(); }
  static arrival_token barrier_arrive() { return {}; }
  static void barrier_wait(arrival_token&&) { __syncthreads(); }
  static unsigned thread_rank() { return tw_cpu::rank_in_block(); }
  static unsigned num_threads() { return tw_cpu::threads_of_block(); }
  static unsigned size() { return num_threads(); }
  static dim3 group_index() { return blockIdx; }
  static dim3 thread_index() { return threadIdx; }
  static dim3 group_dim() { return blockDim; }
  static dim3 dim_threads() { return blockDim; }
};
inline thread_block this_thread_block() { return {}; }

// Of the grid only numbers are known: its blocks do not run at the same time.
class grid_group {
 public:
  static bool is_valid() { return false; }
  __attribute__((error("the cpu device does not emulate barriers of the grid"))) void sync() const;
  static unsigned long long block_rank() {
    return blockIdx.x +
           gridDim.x * (blockIdx.y + static_cast<unsigned long long>(gridDim.y) * blockIdx.z);
  }
  static unsigned long long num_blocks() {
    return static_cast<unsigned long long>(gridDim.x) * gridDim.y * gridDim.z;
  }
  static unsigned long long thread_rank() {
    return block_rank() * tw_cpu::threads_of_block() + tw_cpu::rank_in_block();
  }
  static unsigned long long num_threads() { return num_blocks() * tw_cpu::threads_of_block(); }
  static unsigned long long size() { return num_threads(); }
  static dim3 block_index() { return blockIdx; }
  static dim3 dim_blocks() { return gridDim; }
  static dim3 group_dim() { return gridDim; }
};
inline grid_group this_grid() { return {}; }

// Some threads of a warp. Ranks count the threads of the mask.
class coalesced_group {
 public:
  explicit coalesced_group(unsigned mask, unsigned index = 0, unsigned groups = 1)
      : mask_(mask), index_(index), groups_(groups) {}
  void sync() const { __syncwarp(mask_); }
  unsigned thread_rank() const {
    return static_cast<unsigned>(__popc(mask_ & ((1u << tw_cpu::lane()) - 1)));
  }
  unsigned num_threads() const { return static_cast<unsigned>(__popc(mask_)); }
  unsigned size() const { return num_threads(); }
  unsigned meta_group_rank() const { return index_; }
  unsigned meta_group_size() const { return groups_; }
  template <class T>
  T shfl(T value, int source) const {
    return tw_cpu::shuffle(mask_, value, lane_of(source));
  }
  template <class T>
  T shfl_up(T value, unsigned delta) const {
    const int source = static_cast<int>(thread_rank()) - static_cast<int>(delta);
    return shfl(value, source < 0 ? static_cast<int>(thread_rank()) : source);
  }
  template <class T>
  T shfl_down(T value, unsigned delta) const {
    const unsigned source = thread_rank() + delta;
    return shfl(value, static_cast<int>(source < size() ? source : thread_rank()));
  }
  int any(int predicate) const { return __any_sync(mask_, predicate); }
  int all(int predicate) const { return __all_sync(mask_, predicate); }
  unsigned ballot(int predicate) const { return by_rank(__ballot_sync(mask_, predicate)); }
  template <class T>
  unsigned match_any(T value) const {
    return by_rank(__match_any_sync(mask_, value));
  }
  template <class T>
  unsigned match_all(T value, int& holds) const {
    return by_rank(__match_all_sync(mask_, value, &holds));
  }
  unsigned mask() const { return mask_; }  // the emulation's own

 private:
  int lane_of(int rank) const { return static_cast<int>(__fns(mask_, 0, rank + 1)); }
  unsigned by_rank(unsigned lanes) const {
    unsigned result = 0, rank = 0;
    for (unsigned left = mask_; left != 0; left &= left - 1, ++rank) {
      result |= (lanes >> __builtin_ctz(left) & 1u) << rank;
    }
    return result;
  }
  unsigned mask_, index_, groups_;
};
inline coalesced_group coalesced_threads(const char* file = __builtin_FILE(),
                                         unsigned line = __builtin_LINE()) {
  return coalesced_group(__activemask(file, line));
}

// `Size` neighbouring threads of a warp; Parent is thread_block or a larger tile.
template <unsigned Size, class Parent = void>
class thread_block_tile {
  static_assert(Size >= 1 && (Size & (Size - 1)) == 0, "the size of a tile is a power of two");
  static_assert(Size <= 32, "the cpu device does not emulate tiles of more than 32 threads");

 public:
  thread_block_tile() = default;
  template <class Other>
  thread_block_tile(const thread_block_tile<Size, Other>&) {}
  void sync() const { __syncwarp(mask()); }
  static unsigned thread_rank() { return static_cast<unsigned>(tw_cpu::lane()) % Size; }
  static constexpr unsigned num_threads() { return Size; }
  static constexpr unsigned size() { return Size; }
  static unsigned meta_group_rank() { return rank_in_parent() / Size; }
  static unsigned meta_group_size() { return (threads_of_parent() + Size - 1) / Size; }
  template <class T>
  T shfl(T value, int source) const {
    return __shfl_sync(mask(), value, source, Size);
  }
  template <class T>
  T shfl_up(T value, unsigned delta) const {
    return __shfl_up_sync(mask(), value, delta, Size);
  }
  template <class T>
  T shfl_down(T value, unsigned delta) const {
    return __shfl_down_sync(mask(), value, delta, Size);
  }
  template <class T>
  T shfl_xor(T value, unsigned lanes) const {
    return __shfl_xor_sync(mask(), value, static_cast<int>(lanes), Size);
  }
  int any(int predicate) const { return __any_sync(mask(), predicate); }
  int all(int predicate) const { return __all_sync(mask(), predicate); }
  unsigned ballot(int predicate) const { return by_rank(__ballot_sync(mask(), predicate)); }
  template <class T>
  unsigned match_any(T value) const {
    return by_rank(__match_any_sync(mask(), value));
  }
  template <class T>
  unsigned match_all(T value, int& holds) const {
    return by_rank(__match_all_sync(mask(), value, &holds));
  }
  static unsigned mask() {  // the emulation's own
    return (0xffffffffu >> (32 - Size)) << first();
  }
  operator coalesced_group() const {
    return coalesced_group(mask(), meta_group_rank(), meta_group_size());
  }

 private:
  static unsigned first() { return static_cast<unsigned>(tw_cpu::lane()) / Size * Size; }
  static unsigned by_rank(unsigned lanes) { return lanes >> first(); }
  static unsigned rank_in_parent() {
    if constexpr (std::is_same_v<Parent, thread_block> || std::is_void_v<Parent>) {
      return tw_cpu::rank_in_block();
    } else {
      return Parent::thread_rank();
    }
  }
  static unsigned threads_of_parent() {
    if constexpr (std::is_same_v<Parent, thread_block> || std::is_void_v<Parent>) {
      return tw_cpu::threads_of_block();
    } else {
      return Parent::num_threads();
    }
  }
};

// A group whose kind is known at run time: a block, or some threads of a warp.
class thread_group {
 public:
  thread_group(const thread_block&) : threads_(0) {}
  thread_group(const coalesced_group& threads) : is_block_(false), threads_(threads) {}
  template <unsigned Size, class Parent>
  thread_group(const thread_block_tile<Size, Parent>& tile) : thread_group(coalesced_group(tile)) {}
  void sync() const {
    if (is_block_) return __syncthreads();
    threads_.sync();
  }
  unsigned thread_rank() const {
    return is_block_ ? tw_cpu::rank_in_block() : threads_.thread_rank();
  }
  unsigned num_threads() const {
    return is_block_ ? tw_cpu::threads_of_block() : threads_.num_threads();
  }
  unsigned size() const { return num_threads(); }

 private:
  bool is_block_ = true;
  coalesced_group threads_;
};

template <unsigned Size, class Parent>
inline thread_block_tile<Size, Parent> tiled_partition(const Parent&) {
  return {};
}
inline thread_group tiled_partition(const thread_block&, unsigned size) {
  const unsigned first = static_cast<unsigned>(tw_cpu::lane()) / size * size;
  return coalesced_group((0xffffffffu >> (32 - size)) << first, tw_cpu::rank_in_block() / size,
                         (tw_cpu::threads_of_block() + size - 1) / size);
}
template <class Group>
inline coalesced_group labeled_partition(const Group& group, int label) {
  return coalesced_group(__match_any_sync(group.mask(), label));
}
template <class Group>
inline coalesced_group binary_partition(const Group& group, bool predicate) {
  return labeled_partition(group, predicate);
}

template <class Group>
inline void sync(const Group& group) {
  group.sync();
}
template <class Group>
inline auto thread_rank(const Group& group) {
  return group.thread_rank();
}
template <class Group>
inline auto group_size(const Group& group) {
  return group.size();
}
template <class Group, class Function, class... A>
inline void invoke_one(const Group& group, Function&& function, A&&... arguments) {
  if (group.thread_rank() == 0) function(std::forward<A>(arguments)...);
}
template <class Group, class Function, class... A>
inline auto invoke_one_broadcast(const Group& group, Function&& function, A&&... arguments) {
  decltype(function(std::forward<A>(arguments)...)) result{};
  if (group.thread_rank() == 0) result = function(std::forward<A>(arguments)...);
  return group.shfl(result, 0);
}

}  // namespace cooperative_groups
