#include "devices/gpu/compile/compile_log.h"

#include <fmt/format.h>

#include "core/base/note.h"
#include "core/spec/kernel_name.h"

namespace tw::gpu {
namespace {

std::string line_with(const std::string& log, const char* marker) {
  const std::size_t at = log.find(marker);
  return at == std::string::npos ? "" : note_at(log, at);
}

// Finds NVRTC's error about a name. NVRTC reports a name in a separate file, after its messages
// about the source: "__nv_name_map(2): error: identifier ...". The line that follows ends with the
// name.
std::string failure_of_name(const std::string& log) {
  constexpr std::string_view error = ": error: ", pragma = "#pragma nv_mangled_name ";
  const std::size_t at = log.find(error);
  const std::size_t name = log.find(pragma, at);
  std::string said = note_at(log, at);
  said.erase(0, said.find(error) + error.size());
  if (said.find("cannot determine which instance") != said.npos) {
    said += fmt::format(": {}", ambiguous_name_remedy);
  }
  const std::string kernel = name == log.npos ? "" : note_at(log, name);
  if (kernel.empty()) return said;
  return fmt::format("the kernel {}: {}", kernel.substr(kernel.find(pragma) + pragma.size()), said);
}

}  // namespace

std::string failure_line(const std::string& log) {
  const std::size_t at = log.find("error");
  const std::string line = note_at(log, at == std::string::npos ? 0 : at);
  return line.starts_with("__nv_name_map(") ? failure_of_name(log) : line;
}

std::string ptxas_warning(const std::string& log) {
  const std::string warning = line_with(log, "ptxas warning");
  return warning.empty() ? line_with(log, "(C7") : warning;
}

std::string rejection(const std::string& log) {
  return line_with(log, "wgmma.mma_async instructions are serialized");
}

}  // namespace tw::gpu
