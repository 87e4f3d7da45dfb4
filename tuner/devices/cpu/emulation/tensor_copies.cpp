#include "devices/cpu/emulation/tensor_copies.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

#include "devices/cpu/emulation/guarded.h"

namespace tw::cpu {
namespace {

// The 8 bytes of a barrier.
struct Barrier {
  static constexpr int most = 1024;
  std::int16_t arrivals;  // of a phase
  std::int16_t missing;
  std::int32_t bytes_and_parity;  // bytes to land, twice, plus the parity of the phase

  // Returns the barrier at the address; nothing if none was initialised there. Such memory holds
  // zeros or poison.
  static std::optional<Barrier> at(const void* address) {
    Barrier barrier{};
    std::memcpy(&barrier, address, sizeof barrier);
    const bool valid = barrier.arrivals >= 1 && barrier.arrivals <= most && barrier.missing >= 0 &&
                       barrier.missing <= barrier.arrivals;
    return valid ? std::optional(barrier) : std::nullopt;
  }
  void put(void* address) const { std::memcpy(address, this, sizeof *this); }

  int bytes() const { return bytes_and_parity >> 1; }
  unsigned parity() const { return static_cast<unsigned>(bytes_and_parity) & 1u; }
  void expect(int bytes) { bytes_and_parity += 2 * bytes; }
  void end_phase_if_over() {
    if (missing > 0 || bytes() != 0) return;
    missing = arrivals;
    bytes_and_parity ^= 1;
  }
};
static_assert(sizeof(Barrier) == 8);

constexpr const char* not_a_barrier = "a barrier that was not initialised";

// To the nearest TF32, ties to even, as the copy engine does (measured on an H100).
std::uint32_t rounded_to_tf32(std::uint32_t bits) {
  if ((bits & 0x7f800000u) == 0x7f800000u) return bits;
  return (bits + 0xfffu + (bits >> 13 & 1u)) & ~0x1fffu;
}

// Chunks of 16 bytes change places within lines of `swizzle` bytes, by the address's higher bits.
std::byte* swizzled(std::byte* at, int swizzle) {
  if (swizzle == 0) return at;
  const auto address = reinterpret_cast<std::uintptr_t>(at);
  const auto chunk = address >> 7 & static_cast<std::uintptr_t>(swizzle / 16 - 1);
  return reinterpret_cast<std::byte*>(address ^ chunk << 4);
}

int box_elements(const tw_cpu::TensorMap& map) {
  const int dimensions = map.im2col ? 2 : map.rank;
  int elements = 1;
  for (int i = 0; i < dimensions; ++i) elements *= map.box[i];
  return elements;
}

using Coordinates = std::array<std::int64_t, tw_cpu::TensorMap::max_rank>;

// Returns the coordinates, in the tensor, of a box's element `index`.
Coordinates in_box(const tw_cpu::TensorMap& map, const int* from, int index) {
  Coordinates at{};
  for (std::size_t i = 0; i < map.rank; index /= map.box[i++]) {
    at[i] = std::int64_t{from[i]} + index % map.box[i];
  }
  return at;
}

// The same of an im2col map: its pixels go through the window's rows, one image after the other.
Coordinates in_window(const tw_cpu::TensorMap& map, const int* from, int index) {
  const auto steps = [&](int i, std::int64_t to) {  // from the window's begin, rounded up
    return (to - map.lower[i] + map.steps[i] - 1) / map.steps[i];
  };
  const std::int64_t columns = steps(0, std::int64_t{map.extents[1]} + map.upper[0]);
  const std::int64_t rows = steps(1, std::int64_t{map.extents[2]} + map.upper[1]);
  const std::int64_t pixel =
      index / map.box[0] + steps(0, from[1]) + columns * (steps(1, from[2]) + rows * from[3]);
  return {from[0] + index % map.box[0], map.lower[0] + pixel % columns * map.steps[0] + from[4],
          map.lower[1] + pixel / columns % rows * map.steps[1] + from[5], pixel / columns / rows};
}

void land(std::byte* smem, const tw_cpu::TensorMap& map, const int* coordinates) {
  const int elements = box_elements(map);
  for (int element = 0; element < elements; ++element) {
    const Coordinates at =
        map.im2col ? in_window(map, coordinates, element) : in_box(map, coordinates, element);
    const auto* from = static_cast<const std::byte*>(map.data);
    bool inside = true;
    for (std::size_t i = 0; i < map.rank; ++i) {
      inside = inside && at[i] >= 0 && at[i] < map.extents[i];
      from += at[i] * map.strides[i];
    }
    std::byte value[8] = {};
    if (inside) std::memcpy(value, from, map.element_bytes);
    if (map.tf32) {
      std::uint32_t bits = 0;
      std::memcpy(&bits, value, sizeof bits);
      bits = rounded_to_tf32(bits);
      std::memcpy(value, &bits, sizeof bits);
    }
    std::memcpy(swizzled(smem + std::ptrdiff_t{element} * map.element_bytes, map.swizzle), value,
                map.element_bytes);
  }
}

}  // namespace

const char* TensorCopies::init(void* barrier, int arrivals) {
  if (arrivals < 1 || arrivals > Barrier::most) {
    return "a barrier of less than 1 or more than 1024 arrivals";
  }
  const auto count = static_cast<std::int16_t>(arrivals);
  Barrier{count, count, 0}.put(barrier);
  return nullptr;
}

unsigned TensorCopies::parity(const void* barrier) {
  const std::optional<Barrier> state = Barrier::at(barrier);
  return state ? state->parity() : 0;
}

const char* TensorCopies::arrive(void* barrier, int expected_bytes) {
  std::optional<Barrier> state = Barrier::at(barrier);
  if (!state) return not_a_barrier;
  if (state->missing == 0) return "more arrivals at a barrier than it was initialised with";
  state->expect(expected_bytes);
  --state->missing;
  state->end_phase_if_over();
  state->put(barrier);
  return nullptr;
}

const char* TensorCopies::load(void* smem, const tw_cpu::TensorMap& map, const int* coordinates,
                               void* barrier) {
  if (!Barrier::at(barrier)) return not_a_barrier;
  if (reinterpret_cast<std::uintptr_t>(smem) % 128 != 0) {
    return "a tensor copy to an address that is not a multiple of 128 bytes";
  }
  poison(smem, static_cast<std::size_t>(box_elements(map)) * map.element_bytes);
  Copy copy{smem, map, {}, barrier};
  std::copy_n(coordinates, map.im2col ? 6 : map.rank, copy.coordinates.begin());
  copies_.push_back(copy);
  return nullptr;
}

const char* TensorCopies::poll(void* barrier, unsigned parity, bool& over) {
  std::optional<Barrier> state = Barrier::at(barrier);
  if (!state) return not_a_barrier;
  over = state->parity() != parity;
  if (over || state->missing > 0) return nullptr;
  for (auto copy = copies_.begin(); copy != copies_.end() && state->bytes() > 0;) {
    if (copy->barrier != barrier) {
      ++copy;
      continue;
    }
    land(static_cast<std::byte*>(copy->smem), copy->map, copy->coordinates.data());
    state->expect(-box_elements(copy->map) * copy->map.element_bytes);
    copy = copies_.erase(copy);
  }
  if (state->bytes() < 0) return "more bytes landed at a barrier than it expected";
  state->end_phase_if_over();
  state->put(barrier);
  over = state->parity() != parity;
  return nullptr;
}

}  // namespace tw::cpu
