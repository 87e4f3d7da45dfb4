#include "devices/cuda/baselines/adaptors.h"

#include <fmt/format.h>

#include <vector>

#include "core/base/error.h"
#include "core/text/nearest.h"
#include "core/text/toml_file.h"
#include "devices/cuda/baselines/words.h"

namespace tw::cuda {

void refuse_word(const std::string& call, const std::string& word,
                 std::initializer_list<std::string_view> taken) {
  throw Error(fmt::format(
      "the op's [[baseline]] for {} has the argument {}, which it does not take{}", call, word,
      suggestion(word, std::vector<std::string>(taken.begin(), taken.end()))));
}

std::unique_ptr<gpu::Baseline> make_baseline(const std::string& library,
                                             const gpu::BaselineCall& call, gpu::Runtime& runtime,
                                             CUstream stream) {
  if (library == "cublas") return make_cublas(call, runtime, stream);
  if (library == "cudnn") return make_cudnn(call, runtime, stream);
  throw Error(fmt::format("no baseline library is called {}: there are cublas and cudnn", library));
}

}  // namespace tw::cuda
