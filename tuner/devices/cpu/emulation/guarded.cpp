#include "devices/cpu/emulation/guarded.h"

#include <fmt/format.h>
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

#include "core/base/error.h"
#include "devices/cpu/emulation/sanitizer.h"

namespace tw::cpu {
namespace {

constexpr std::size_t zone_bytes = 4096;
constexpr std::size_t pattern_bytes = 4096;
constexpr std::size_t page_bytes = 4096;
// Inaccessible on each side. AddressSanitizer pays for each byte of it.
constexpr std::size_t fence_bytes = has_asan ? 64 * 1024 : 1024 * 1024;

constexpr std::uintptr_t round_down(std::uintptr_t value, std::uintptr_t to) {
  return value / to * to;
}
constexpr std::uintptr_t round_up(std::uintptr_t value, std::uintptr_t to) {
  return round_down(value + to - 1, to);
}

// Two periods, so that a period can be copied from any phase.
const std::array<std::byte, 2 * pattern_bytes>& pattern() {
  static const auto bytes = [] {
    std::array<std::byte, 2 * pattern_bytes> result{};
    for (std::size_t i = 0; i < result.size(); i += 2) {
      const std::size_t word = i % pattern_bytes / 2;
      const auto value = static_cast<std::uint16_t>(0xfff0u | ((word * 2654435761u >> 16) & 0x7u));
      std::memcpy(&result[i], &value, sizeof value);
    }
    return result;
  }();
  return bytes;
}

// The first byte that differs from the poison; `bytes` if none does.
std::size_t first_damage(const std::byte* zone, std::size_t bytes, std::size_t phase) {
  const std::byte* expected = pattern().data() + phase % pattern_bytes;
  if (std::memcmp(zone, expected, bytes) == 0) return bytes;
  return static_cast<std::size_t>(std::mismatch(zone, zone + bytes, expected).first - zone);
}

}  // namespace

void poison(void* to, std::size_t bytes, std::size_t phase) {
  auto* out = static_cast<std::byte*>(to);
  for (std::size_t at = 0; at < bytes; at += pattern_bytes) {
    std::memcpy(out + at, pattern().data() + phase % pattern_bytes,
                std::min(pattern_bytes, bytes - at));
  }
}

// Pages: a fence, the zones with the buffer between them, a fence.
struct Guarded::Mapping {
  Mapping(std::size_t inner_bytes, std::string name);
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  std::byte* inner() const { return base + fence_bytes; }
  std::byte* inner_end() const { return base + bytes - fence_bytes; }
  std::byte* end() const { return base + bytes; }

  static std::vector<const Mapping*>& all() {
    static std::vector<const Mapping*> mappings;
    return mappings;
  }

  std::byte* base = nullptr;
  std::size_t bytes = 0;
  std::string name;
  std::byte *data = nullptr, *data_end = nullptr;  // the buffer
};

Guarded::Mapping::Mapping(std::size_t inner_bytes, std::string buffer)
    : bytes(inner_bytes + 2 * fence_bytes), name(std::move(buffer)) {
  void* const mapping =
      ::mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (mapping != MAP_FAILED) base = static_cast<std::byte*>(mapping);
  if (!base || ::mprotect(inner(), inner_bytes, PROT_READ | PROT_WRITE) != 0) {
    if (base) ::munmap(base, bytes);
    throw Error(fmt::format("the cpu device has no memory for {} of {} bytes", name, inner_bytes));
  }
  all().push_back(this);
}

Guarded::Mapping::~Mapping() {
  std::erase(all(), this);
  allow(base, bytes);
  ::munmap(base, bytes);
}

Guarded::Guarded(std::size_t bytes, std::size_t alignment, Placement placement, std::string name)
    : size_(bytes) {
  static std::size_t count = 0;
  phase_ = ++count * 74 % pattern_bytes;
  if (bytes > std::numeric_limits<std::size_t>::max() / 2) throw Error("a tensor is too large");
  mapping_ = std::make_unique<Mapping>(round_up(bytes + zone_bytes + 3 * alignment, page_bytes),
                                       std::move(name));
  const auto inner = reinterpret_cast<std::uintptr_t>(mapping_->inner()),
             inner_end = reinterpret_cast<std::uintptr_t>(mapping_->inner_end()),
             address = placement == Placement::at_begin ? round_up(inner, 2 * alignment) + alignment
                                                        : round_down(inner_end - bytes, alignment);
  data_ = mapping_->data = mapping_->inner() + (address - inner);
  mapping_->data_end = data_ + bytes;
  front_ = std::min(zone_bytes, address - inner);
  back_ = std::min(zone_bytes, inner_end - address - bytes);
  poison(data_ - front_, front_, phase_);
  poison(data_ + size_, back_, phase_);
  poison_all();
  forbid(mapping_->base, static_cast<std::size_t>(data_ - mapping_->base));
  forbid(mapping_->data_end, static_cast<std::size_t>(mapping_->end() - mapping_->data_end));
}

void Guarded::fill(std::uint16_t word) {
  for (std::size_t at = 0; at < size_; at += sizeof word) {
    std::memcpy(data_ + at, &word, std::min(sizeof word, size_ - at));
  }
}

Guarded::~Guarded() = default;
Guarded::Guarded(Guarded&& other) noexcept = default;

std::string Guarded::damage() const {
  allow(data_ - front_, front_);
  allow(data_ + size_, back_);
  const std::size_t before = first_damage(data_ - front_, front_, phase_);
  const std::size_t after = first_damage(data_ + size_, back_, phase_);
  forbid(data_ - front_, front_);
  forbid(data_ + size_, back_);
  if (before < front_) return fmt::format("{} bytes before the start", front_ - before);
  if (after < back_) return fmt::format("{} bytes past the end", after);
  return "";
}

std::string Guarded::place_of(const void* address) {
  const auto* const at = static_cast<const std::byte*>(address);
  for (const Mapping* const mapping : Mapping::all()) {
    if (at < mapping->base || at >= mapping->end()) continue;
    return at < mapping->data
               ? fmt::format("{}, {} bytes before the start", mapping->name, mapping->data - at)
               : fmt::format("{}, {} bytes past the end", mapping->name, at - mapping->data_end);
  }
  return "";
}

}  // namespace tw::cpu
