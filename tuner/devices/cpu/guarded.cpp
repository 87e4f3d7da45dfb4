#include "guarded.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <limits>

#include "error.h"
#include "sanitizer.h"

namespace tw::cpu {
namespace {

constexpr std::size_t zone_bytes = 4096;
constexpr std::size_t pattern_bytes = 4096;

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

Guarded::Guarded(std::size_t bytes, std::size_t alignment) : size_(bytes) {
  static std::size_t count = 0;
  phase_ = ++count * 74 % pattern_bytes;
  if (bytes > std::numeric_limits<std::size_t>::max() / 2) throw Error("a tensor is too large");
  block_bytes_ = bytes + 2 * zone_bytes + 4 * alignment;
  block_.reset(static_cast<std::byte*>(std::malloc(block_bytes_)));
  if (!block_) {
    throw Error(fmt::format("the cpu device has no memory for a tensor of {} bytes", bytes));
  }
  auto address = reinterpret_cast<std::uintptr_t>(block_.get()) + zone_bytes;
  address = (address + alignment - 1) & ~(alignment - 1);
  if ((address & alignment) == 0) address += alignment;
  data_ = block_.get() + (address - reinterpret_cast<std::uintptr_t>(block_.get()));
  poison(data_ - zone_bytes, zone_bytes, phase_);
  poison(data_ + size_, zone_bytes, phase_);
  poison_all();
  forbid(data_ - zone_bytes, zone_bytes);
  forbid(data_ + size_, zone_bytes);
}

Guarded::~Guarded() {
  if (block_) allow(block_.get(), block_bytes_);
}

void Guarded::Free::operator()(std::byte* block) const { std::free(block); }

std::string Guarded::damage() const {
  allow(data_ - zone_bytes, zone_bytes);
  allow(data_ + size_, zone_bytes);
  const std::size_t before = first_damage(data_ - zone_bytes, zone_bytes, phase_);
  const std::size_t after = first_damage(data_ + size_, zone_bytes, phase_);
  forbid(data_ - zone_bytes, zone_bytes);
  forbid(data_ + size_, zone_bytes);
  if (before < zone_bytes) return fmt::format("{} bytes before the start", zone_bytes - before);
  if (after < zone_bytes) return fmt::format("{} bytes past the end", after);
  return "";
}

}  // namespace tw::cpu
