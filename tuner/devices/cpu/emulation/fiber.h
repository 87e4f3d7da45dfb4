// Fibers that run one function over and over, on stacks with guard pages. The switches tell
// AddressSanitizer which stack is current, which Boost.Context's fcontext does not do by itself.
#pragma once
#include <cstddef>
#include <functional>

namespace tw::cpu {

class Fiber {
 public:
  // `body` runs at each start() that follows the end of its last run. Throws Error if there is no
  // memory for the stack.
  explicit Fiber(std::function<void()> body);
  ~Fiber();  // a body that is suspended is dropped, not unwound
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  // Runs the body, from its start or from its last suspend(), until it suspends or ends. Called
  // from outside of any fiber.
  void resume();
  // Called by the body: returns to the caller of resume().
  void suspend();
  // A suspended body is dropped: the next resume() starts it again.
  void reset();

 private:
  void loop();
  std::function<void()> body_;
  std::byte* mapping_ = nullptr;
  std::size_t offset_ = 0;   // of the first frame from the end of the mapping
  void* inside_ = nullptr;   // the fiber's context while it is suspended
  void* outside_ = nullptr;  // the resumer's context while the fiber runs
  // Kept for AddressSanitizer.
  void *fake_inside_ = nullptr, *fake_outside_ = nullptr;
  const void* outside_stack_ = nullptr;
  std::size_t outside_bytes_ = 0;
};

}  // namespace tw::cpu
