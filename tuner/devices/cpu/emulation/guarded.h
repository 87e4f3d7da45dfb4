// Memory of the emulated device between poisoned zones and inaccessible pages: what a kernel writes
// or reads beyond a tensor or its shared memory shows, also without AddressSanitizer.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace tw::cpu {

// Fills with the 16-bit words 0xfff0 to 0xfff7: verify::is_poison. `phase` tells fills apart.
void poison(void* to, std::size_t bytes, std::size_t phase = 0);

// Which end of a buffer lies at an inaccessible page. A poisoned zone is at the other end.
enum class Placement {
  at_end,    // the buffer ends at such a page, or less than its alignment before it
  at_begin,  // the buffer begins `alignment` bytes after such a page
};

class Guarded {
 public:
  // Allocates `bytes` of poison at a multiple of `alignment`, which is a power of two. With
  // at_begin the address is no multiple of twice the alignment, so a kernel that relies on more is
  // noticed. Reports call the buffer `name`. Throws Error if there is no memory.
  Guarded(std::size_t bytes, std::size_t alignment, Placement placement = Placement::at_end,
          std::string name = "a buffer");
  ~Guarded();
  Guarded(Guarded&& other) noexcept;
  Guarded& operator=(Guarded&&) = delete;

  std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }
  void poison_all() { poison(data_, size_, phase_ + 2048); }
  // Fills the buffer with a 16-bit word.
  void fill(std::uint16_t word);
  // Says where the zones were written: "12 bytes past the end"; empty if they are intact.
  std::string damage() const;

  // Names the buffer whose inaccessible pages hold the address, and the place: "x, 12 bytes past
  // the end"; empty if there is no such buffer.
  static std::string place_of(const void* address);

 private:
  struct Mapping;
  std::unique_ptr<Mapping> mapping_;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0, phase_ = 0;
  std::size_t front_ = 0, back_ = 0;  // bytes of the zones
};

}  // namespace tw::cpu
