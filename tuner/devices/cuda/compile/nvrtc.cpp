#include "devices/cuda/compile/nvrtc.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "core/base/error.h"
#include "core/lowering/program_macros.h"
#include "devices/cuda/compile/missing_header.h"
#include "devices/cuda/compile/standard_headers.h"
#include "devices/cuda/driver/libraries.h"
#include "devices/toolkit.h"

namespace tw::cuda {
namespace {

std::string nvrtc_version() {
  int major = 0, minor = 0;
  nvrtc().nvrtcVersion(&major, &minor);
  return fmt::format("{}.{}", major, minor);
}

std::filesystem::path nvrtc_path() {
  return path_of_library(reinterpret_cast<const void*>(nvrtc().nvrtcVersion));
}

const ToolkitHeaders& toolkit() {
  static const ToolkitHeaders headers = toolkit_headers(nvrtc_path());
  return headers;
}

gpu::CompilerGreeting greet() {
  gpu::CompilerGreeting greeting;
  try {
    const std::string version = nvrtc_version();
    const std::filesystem::path path = nvrtc_path();
    std::error_code ignored;
    const bool differ = toolkit().exist() && toolkit().version != version;
    greeting.version =
        differ ? fmt::format("{} with the headers of CUDA {}", version, toolkit().version)
               : version;
    greeting.identity = fmt::format("{} {} {}", path.filename().string(),
                                    std::filesystem::file_size(path, ignored), toolkit().identity);
    for (const auto& [name, text] : standard_headers()) greeting.identity += name + '\n' + text;
  } catch (const Error& error) {
    greeting.error = error.what();
  }
  return greeting;
}

std::vector<std::string> options_of(const gpu::CompileRequest& request) {
  std::vector<std::string> options{"--gpu-architecture=" + request.architecture,
                                   "--no-source-include"};  // no files of the current folder
  const auto is_standard = [](const std::string& o) { return o.find("-std=") != o.npos; };
  if (std::none_of(request.options.begin(), request.options.end(), is_standard)) {
    options.emplace_back("-std=c++17");
  }
  int major = 0, minor = 0;
  nvrtc().nvrtcVersion(&major, &minor);
  // With NVRTC's own disk cache (since 12.9) the messages of ptxas would be lost.
  if (major * 100 + minor >= 1209) options.emplace_back("--no-cache");
  for (const std::string& folder : toolkit().folders) options.push_back("-I" + folder);
  options.insert(options.end(), request.options.begin(), request.options.end());
  return options;
}

// Owns an nvrtcProgram.
class NvrtcProgram {
 public:
  explicit NvrtcProgram(const Program& program) {
    std::vector<const char*> texts, paths;
    const auto add = [&](const std::string& path, const std::string& text) {
      paths.push_back(path.c_str());
      texts.push_back(text.c_str());
    };
    for (const auto& [path, text] : program.headers) add(path, text);
    for (const auto& [path, text] : standard_headers()) {
      if (!program.headers.contains(path)) add(path, text);
    }
    const std::string text = macros_begin(program) + program.text;
    check(nvrtc().nvrtcCreateProgram(&program_, text.c_str(), "variant.cu",
                                     static_cast<int>(texts.size()), texts.data(), paths.data()));
  }
  NvrtcProgram(const NvrtcProgram&) = delete;
  NvrtcProgram& operator=(const NvrtcProgram&) = delete;
  ~NvrtcProgram() { nvrtc().nvrtcDestroyProgram(&program_); }

  static void check(nvrtcResult result) {
    if (result != NVRTC_SUCCESS) throw Error(nvrtc().nvrtcGetErrorString(result));
  }
  bool compile(const std::vector<std::string>& options) {
    std::vector<const char*> words;
    words.reserve(options.size());
    for (const std::string& option : options) words.push_back(option.c_str());
    result_ = nvrtc().nvrtcCompileProgram(program_, static_cast<int>(words.size()), words.data());
    return result_ == NVRTC_SUCCESS;
  }
  std::string log() const {
    std::size_t size = 0;
    check(nvrtc().nvrtcGetProgramLogSize(program_, &size));
    std::string log(size, '\0');
    check(nvrtc().nvrtcGetProgramLog(program_, log.data()));
    while (!log.empty() && (log.back() == '\0' || log.back() == '\n')) log.pop_back();
    // A wrong option leaves no log.
    if (log.empty() && result_ != NVRTC_SUCCESS) log = nvrtc().nvrtcGetErrorString(result_);
    return log;
  }
  std::string cubin() const {
    std::size_t size = 0;
    check(nvrtc().nvrtcGetCUBINSize(program_, &size));
    std::string cubin(size, '\0');
    check(nvrtc().nvrtcGetCUBIN(program_, cubin.data()));
    return cubin;
  }
  void name(const std::string& entry) {
    check(nvrtc().nvrtcAddNameExpression(program_, entry.c_str()));
  }
  std::string lowered(const std::string& entry) const {
    const char* lowered = nullptr;
    check(nvrtc().nvrtcGetLoweredName(program_, entry.c_str(), &lowered));
    return lowered;
  }

 private:
  nvrtcProgram program_ = nullptr;
  nvrtcResult result_ = NVRTC_SUCCESS;
};

gpu::Compiled compile(const gpu::CompileRequest& request) {
  const auto start = std::chrono::steady_clock::now();
  gpu::Compiled compiled;
  try {
    const Program& program = request.program;
    NvrtcProgram unit(program);
    std::vector<std::string> names = program.entries;
    for (const std::string& symbol : program.symbols) names.push_back("&" + symbol);
    for (const std::string& name : names) unit.name(name);
    compiled.ok = unit.compile(options_of(request));
    compiled.log = unit.log();
    compiled.fault = missing_header(compiled.log, program.headers, toolkit(), nvrtc_version());
    if (compiled.ok) {
      compiled.cubin = unit.cubin();
      for (const std::string& name : names) compiled.names.push_back(unit.lowered(name));
    }
  } catch (const Error& error) {
    compiled.ok = false;
    compiled.log = error.what();
  }
  compiled.ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  return compiled;
}

class NvrtcCompiler final : public gpu::Compiler {
 public:
  gpu::CompilerGreeting greet() override { return cuda::greet(); }
  gpu::Compiled compile(const gpu::CompileRequest& request) override {
    return cuda::compile(request);
  }
};

}  // namespace

std::unique_ptr<gpu::Compiler> make_nvrtc_compiler() { return std::make_unique<NvrtcCompiler>(); }

}  // namespace tw::cuda
