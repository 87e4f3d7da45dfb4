// Memory of the emulated device, with canary zones on both sides: what a kernel writes or reads
// beyond a tensor or its shared memory shows, also without AddressSanitizer.
#pragma once
#include <cstddef>
#include <memory>
#include <string>

namespace tw::cpu {

// Fills with the 16-bit words 0xfff0 to 0xfff7: verify::is_poison. `phase` tells fills apart.
void poison(void* to, std::size_t bytes, std::size_t phase = 0);

class Guarded {
 public:
  // `bytes` of poison at an address that is a multiple of `alignment` (a power of two) but not of
  // twice as much, so that a kernel that relies on more is found out. Throws Error if there is no
  // memory.
  Guarded(std::size_t bytes, std::size_t alignment);
  ~Guarded();
  Guarded(Guarded&& other) noexcept = default;
  Guarded& operator=(Guarded&&) = delete;

  std::byte* data() const { return data_; }
  std::size_t size() const { return size_; }
  void poison_all() { poison(data_, size_, phase_ + 2048); }
  // Where the zones were written: "12 bytes past the end"; empty if they are intact.
  std::string damage() const;

 private:
  struct Free {
    void operator()(std::byte* block) const;
  };
  std::unique_ptr<std::byte, Free> block_;
  std::byte* data_ = nullptr;
  std::size_t size_ = 0, block_bytes_ = 0, phase_ = 0;
};

}  // namespace tw::cpu
