#include "session/setup/claims.h"

#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "core/base/digest.h"

namespace tw {
namespace {

// Returns one path for the database, whichever of its paths was given.
std::string path_of(const std::string& database) {
  std::error_code fault;
  const std::filesystem::path path = std::filesystem::weakly_canonical(database, fault);
  return (fault ? database : path.string()) + "-claims";
}

// Returns the byte that stands for a problem on a device, for all kernels. Two problems share a
// byte with a probability of 2^-60; then one of them waits for the other.
std::int64_t byte_of(const Situation& situation) {
  const std::string key =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", situation.op, situation.problem,
                  situation.device_model, situation.device_limits, situation.driver,
                  situation.toolchain, name_of(situation.l2), name_of(situation.source));
  return std::stoll(digest(key).substr(0, 15), nullptr, 16);
}

}  // namespace

Claims::Claims(const std::string& database) : lock_(path_of(database)) {}

bool Claims::has_file(const std::string& database) {
  std::error_code ignored;
  return std::filesystem::exists(path_of(database), ignored);
}

bool Claims::try_claim_all() { return lock_.try_lock_all() || !lock_.why_not().empty(); }

bool Claims::try_claim(const Situation& situation) {
  return lock_.try_lock(byte_of(situation)) || !lock_.why_not().empty();
}

bool Claims::wait(const Situation& situation, const std::function<bool()>& stopped) {
  // Not by a wait for the lock: a signal would end it in one thread only.
  while (!stopped() && lock_.why_not().empty()) {
    if (lock_.try_lock(byte_of(situation))) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  return !stopped();
}

void Claims::release(const Situation& situation) { lock_.unlock(byte_of(situation)); }

std::string Claims::notice() {
  if (lock_.why_not().empty() || said_) return "";
  said_ = true;
  return "problems cannot be claimed, so another process with this database may search the same "
         "ones: " +
         lock_.why_not();
}

}  // namespace tw
