#include "devices/cuda/compile/missing_header.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>

#include "core/spec/system_headers.h"

namespace tw::cuda {
namespace {

// Returns the text between two marks, of which the first is searched from `at` on.
std::string between(const std::string& text, std::size_t at, std::string_view first, char last) {
  const std::size_t begin = text.find(first, at);
  if (begin == text.npos) return "";
  const std::size_t from = begin + first.size();
  return text.substr(from, text.find(last, from) - from);
}

std::string remedy_for(const std::string& header, const ToolkitHeaders& toolkit,
                       const std::string& nvrtc) {
  const HeaderKind kind = kind_of_header(header);
  if (kind == HeaderKind::toolkit && !toolkit.exist()) {
    return fmt::format(
        "which comes with the CUDA toolkit, and here is NVRTC {} without the toolkit's headers: "
        "install them, or set CUDA_HOME to the toolkit that has them",
        nvrtc);
  }
  if (kind == HeaderKind::toolkit) {
    return fmt::format("which is not in {}: install that part of the CUDA toolkit",
                       toolkit.folders.front());
  }
  if (kind == HeaderKind::standard) {
    return "which NVRTC does not have, because it is for host code: put it between #ifndef "
           "__CUDACC_RTC__ and #endif";
  }
  return "which is neither in the folder of the source nor in the CUDA toolkit: copy it to that "
         "folder, and write #include \"...\"";
}

}  // namespace

// The log says: saxpy.cu(3): catastrophic error: cannot open source file "cuda_fp16.h". If there is
// no folder to search, it says: could not open.
std::string missing_header(const std::string& log, const Texts& sources,
                           const ToolkitHeaders& toolkit, const std::string& nvrtc) {
  const std::size_t at = std::min(log.find("error: cannot open source file "),
                                  log.find("error: could not open source file "));
  if (at == log.npos) return "";
  const std::string header = between(log, at, "\"", '"');
  const std::size_t line = log.rfind('\n', at) + 1;  // 0 if there is none
  const std::string includer = log.substr(line, log.find('(', line) - line);
  std::string place = place_of_include(sources, header);
  // One of our own headers or of the toolkit includes it; the user's source includes that one.
  for (std::size_t from = 0; place.empty() && from != std::string::npos;) {
    if (const auto found = place_of_include(sources, includer.substr(from)); !found.empty()) {
      place = fmt::format("{} includes <{}>, and that", found, includer.substr(from));
    }
    from = includer.find('/', from);
    if (from != includer.npos) ++from;
  }
  return fmt::format("{} includes <{}>, {}", place.empty() ? includer : place, header,
                     remedy_for(header, toolkit, nvrtc));
}

}  // namespace tw::cuda
