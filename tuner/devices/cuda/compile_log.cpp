#include "compile_log.h"

#include "note.h"

namespace tw::cuda {
namespace {

std::string line_with(const std::string& log, const char* marker) {
  const std::size_t at = log.find(marker);
  return at == std::string::npos ? "" : note_at(log, at);
}

}  // namespace

std::string failure_line(const std::string& log) {
  const std::size_t at = log.find("error");
  return note_at(log, at == std::string::npos ? 0 : at);
}

std::string ptxas_warning(const std::string& log) {
  const std::string warning = line_with(log, "ptxas warning");
  return warning.empty() ? line_with(log, "(C7") : warning;
}

std::string rejection(const std::string& log) {
  return line_with(log, "wgmma.mma_async instructions are serialized");
}

}  // namespace tw::cuda
