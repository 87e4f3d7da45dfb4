#include "devices/gpu/runtime/baseline.h"

#include <fmt/format.h>

#include "core/base/error.h"

namespace tw::gpu {

const BaselineArg& BaselineCall::at(const std::string& word) const {
  const auto found = args.find(word);
  if (found == args.end()) {
    throw Error(fmt::format("the op's [[baseline]] for {} lacks the argument {}", call, word));
  }
  return found->second;
}

}  // namespace tw::gpu
