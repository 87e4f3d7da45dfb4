#include "devices/cuda/baselines/baseline.h"

#include <fmt/format.h>

#include <vector>

#include "core/base/error.h"
#include "core/base/nearest.h"
#include "core/base/toml_file.h"
#include "devices/cuda/baselines/words.h"

namespace tw::cuda {

const BaselineArg& BaselineCall::at(const std::string& word) const {
  const auto found = args.find(word);
  if (found == args.end()) {
    throw Error(fmt::format("the op's [[baseline]] for {} lacks the argument {}", call, word));
  }
  return found->second;
}

void refuse_word(const std::string& call, const std::string& word,
                 std::initializer_list<std::string_view> taken) {
  throw Error(fmt::format(
      "the op's [[baseline]] for {} has the argument {}, which it does not take{}", call, word,
      suggestion(word, std::vector<std::string>(taken.begin(), taken.end()))));
}

std::unique_ptr<Baseline> make_baseline(const std::string& library, const BaselineCall& call,
                                        const Context& context) {
  if (library == "cublas") return make_cublas(call, context);
  if (library == "cudnn") return make_cudnn(call, context);
  throw Error(fmt::format("no baseline library is called {}: there are cublas and cudnn", library));
}

}  // namespace tw::cuda
