// A libnvrtc.so.13 for tests of the cuda device's processes without a toolkit. It accepts any
// program, and obeys the words fake_error, fake_crash, fake_endless, fake_options (an error that
// lists the options) and fake_missing_header in a program's text.
#include <nvrtc.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <set>
#include <string>

struct _nvrtcProgram {
  std::string text, log;
  std::set<std::string> names;
};

namespace {

nvrtcResult put(const std::string& from, std::size_t* size) {
  *size = from.size() + 1;
  return NVRTC_SUCCESS;
}

}  // namespace

extern "C" {

nvrtcResult nvrtcVersion(int* major, int* minor) {
  *major = 13;
  *minor = 0;
  return NVRTC_SUCCESS;
}
const char* nvrtcGetErrorString(nvrtcResult) { return "as the test wants"; }
nvrtcResult nvrtcCreateProgram(nvrtcProgram* program, const char* text, const char*, int,
                               const char* const*, const char* const*) {
  *program = new _nvrtcProgram{text, "", {}};
  return NVRTC_SUCCESS;
}
nvrtcResult nvrtcDestroyProgram(nvrtcProgram* program) {
  delete *program;
  *program = nullptr;
  return NVRTC_SUCCESS;
}
nvrtcResult nvrtcAddNameExpression(nvrtcProgram program, const char* name) {
  program->names.insert(name);
  return NVRTC_SUCCESS;
}
nvrtcResult nvrtcCompileProgram(nvrtcProgram program, int count, const char* const* options) {
  const auto says = [&](const char* word) { return program->text.find(word) != std::string::npos; };
  if (says("fake_crash")) std::abort();
  while (says("fake_endless")) ::pause();
  if (says("fake_options")) {
    program->log = "error:";
    for (int i = 0; i < count; ++i) program->log += std::string(" ") + options[i];
    return NVRTC_ERROR_COMPILATION;
  }
  if (says("fake_missing_header")) {
    program->log = "more.cuh(2): catastrophic error: cannot open source file \"cuda_fp16.h\"\n";
    return NVRTC_ERROR_COMPILATION;
  }
  if (!says("fake_error")) return NVRTC_SUCCESS;
  program->log = "an error as the test wants";
  return NVRTC_ERROR_COMPILATION;
}
nvrtcResult nvrtcGetLoweredName(nvrtcProgram program, const char* name, const char** lowered) {
  const auto found = program->names.find(name);
  if (found == program->names.end()) return NVRTC_ERROR_NAME_EXPRESSION_NOT_VALID;
  *lowered = found->c_str();
  return NVRTC_SUCCESS;
}
nvrtcResult nvrtcGetCUBINSize(nvrtcProgram, std::size_t* size) { return put("cubin", size); }
nvrtcResult nvrtcGetCUBIN(nvrtcProgram, char* cubin) {
  std::strcpy(cubin, "cubin");
  return NVRTC_SUCCESS;
}
nvrtcResult nvrtcGetProgramLogSize(nvrtcProgram program, std::size_t* size) {
  return put(program->log, size);
}
nvrtcResult nvrtcGetProgramLog(nvrtcProgram program, char* log) {
  std::strcpy(log, program->log.c_str());
  return NVRTC_SUCCESS;
}

}  // extern "C"
