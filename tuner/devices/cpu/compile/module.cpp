#include "devices/cpu/compile/module.h"

#include <cxxabi.h>
#include <dlfcn.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string_view>
#include <system_error>
#include <utility>

#include "core/base/cache_folder.h"
#include "core/base/digest.h"
#include "core/base/error.h"
#include "core/base/note.h"
#include "core/base/texts.h"
#include "core/lowering/program_macros.h"
#include "core/spec/kernel_name.h"
#include "core/spec/sources.h"
#include "devices/cpu/compile/extern_shared.h"
#include "devices/cpu/compile/host_compiler.h"
#include "devices/cpu/compile/refusals.h"
#include "devices/cpu/compile/shim_headers.h"

namespace tw::cpu {
namespace {

namespace fs = std::filesystem;

// Returns a suffix that is unique among the processes that share the cache.
std::string temporary_suffix() {
  static int count = 0;
  return fmt::format(".{}.{}.tmp", ::getpid(), ++count);
}

void write_file(const fs::path& path, const std::string& text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  out.close();
  if (!out) {
    throw Error(fmt::format("cannot write {}: {}; free space there or set XDG_CACHE_HOME",
                            path.string(), std::strerror(errno)));
  }
}

// A folder that is deleted with its content at the end of the scope, unless it was renamed.
class TemporaryFolder {
 public:
  explicit TemporaryFolder(fs::path path) : path_(std::move(path)) {
    std::error_code failed;
    fs::create_directories(path_, failed);
    if (failed) {
      throw Error(fmt::format("cannot create {}: {}; free space there or set XDG_CACHE_HOME",
                              path_.string(), failed.message()));
    }
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const fs::path& path() const { return path_; }

 private:
  fs::path path_;
};

void touch(const fs::path& path) {
  std::error_code ignored;
  fs::last_write_time(path, fs::file_time_type::clock::now(), ignored);
}

// Returns a folder that holds the shim, the programs' headers, and links to headers of the toolkit.
// It is named after their content.
fs::path header_folder(const Texts& headers, const ToolkitLinks& toolkit) {
  std::string all = toolkit.identity;
  for (const auto& [path, text] : headers) all += fmt::format("{} {}\n{}", path, text.size(), text);
  const fs::path folder = module_folder() / ("headers-" + digest(all));
  if (fs::exists(folder)) {
    touch(folder);
    return folder;
  }
  const TemporaryFolder temporary(folder.string() + temporary_suffix());
  for (const auto& [path, text] : headers) {
    fs::create_directories((temporary.path() / path).parent_path());
    write_file(temporary.path() / path, text);
  }
  std::error_code failed;
  for (const auto& [path, target] : toolkit.links) {
    fs::create_directories((temporary.path() / path).parent_path());
    fs::create_symlink(target, temporary.path() / path, failed);
  }
  fs::rename(temporary.path(), folder, failed);  // fails if another process was faster
  if (!fs::exists(folder)) {
    throw Error(fmt::format("cannot create {}: {}", folder.string(), failed.message()));
  }
  return folder;
}

// Returns whether the source includes a part of <cuda/std/...>.
bool includes_toolkit(const std::string& source) {
  const std::vector<Include> includes = includes_of(source);
  return std::any_of(includes.begin(), includes.end(),
                     [](const Include& include) { return is_of_libcudacxx(include.path); });
}

constexpr std::string_view kernel_word = "the kernel ";
// Begins the new names of kernels whose own name is taken.
constexpr std::string_view renamed_word = "tw_kernel_";

// Returns the first error, "gemm/simt.cuh:88:5: error: ...", or the first line if there is no
// error. If a name means several functions, g++ and clang complain about a template of the shim;
// the returned text names the real fault.
std::string first_error(const std::string& output) {
  const std::size_t at = output.find("error: ");
  std::string line = note_at(output, at == std::string::npos ? 0 : at);
  if (line.starts_with("./")) line.erase(0, 2);
  for (std::size_t name = 0; (name = line.find(renamed_word)) != line.npos;) {
    line.erase(name, renamed_word.size());
  }
  const bool is_ambiguous = line.find("unable to deduce") != line.npos ||
                            line.find("overloaded function type") != line.npos;
  if (line.starts_with(kernel_word) && is_ambiguous) {
    const std::size_t place = line.rfind(":1:", line.find(": error: "));
    return fmt::format("{}: it is overloaded, a template, or a function of CUDA: {}",
                       line.substr(0, place), ambiguous_name_remedy);
  }
  return line.empty() ? "the compiler failed without a message" : line;
}

// Returns the kernels outside of all namespaces that have the name of something in the host's C
// library: index, remove. The headers of the host declare it, and a GPU's compiler does not have
// it.
std::vector<std::string> names_of_the_host(const Program& program) {
  std::vector<std::string> names;
  if (!program.as_given) return names;
  for (const std::string& entry : program.entries) {
    const bool is_plain = std::all_of(entry.begin(), entry.end(), is_word);
    if (is_plain && ::dlsym(RTLD_DEFAULT, entry.c_str())) names.push_back(entry);
  }
  return names;
}

std::uintmax_t bytes_below(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_directory(path, ignored)) {
    const std::uintmax_t bytes = fs::file_size(path, ignored);
    return ignored ? 0 : bytes;
  }
  std::uintmax_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(path, ignored)) {
    if (entry.is_regular_file(ignored)) bytes += entry.file_size(ignored);
  }
  return bytes;
}

// Translates NVRTC's options for a host compiler. Other options change the speed, or the accuracy
// within the tolerance. The shim needs C++20 in any case.
void add_options(const std::vector<std::string>& options, std::vector<std::string>& flags) {
  for (const std::string& option : options) {
    if (option.starts_with("-U")) flags.push_back(option);
    if (option.starts_with("--undefine-macro=")) flags.push_back("-U" + option.substr(17));
    if (option.ends_with("-fmad=false")) flags.emplace_back("-ffp-contract=off");
  }
}

// Returns the macros by which a source tells the compilers of GPUs from others, as NVRTC defines
// them. __CUDA_ARCH__ is low, so that a source with PTX for newer GPUs shows its other way. libcu++
// would take the host compiler for NVRTC.
std::string macros_of_nvrtc(const Program& program) {
  const bool with_libcudacxx =
      std::any_of(program.headers.begin(), program.headers.end(),
                  [](const auto& header) { return includes_toolkit(header.second); });
  if (!program.as_given || with_libcudacxx) return "";
  return "#define __CUDACC__ 1\n#define __CUDACC_RTC__ 1\n#define __CUDA_ARCH__ 750\n";
}

// Returns a name as the source has it: "helper(float)" for _Z6helperf.
std::string demangled(const std::string& name) {
  int status = 0;
  char* const text = abi::__cxa_demangle(name.c_str(), nullptr, nullptr, &status);
  std::string result = status == 0 ? text : name;
  std::free(text);
  return result;
}

// Returns what is said about a module that cannot be loaded.
std::string load_fault(const std::string& message) {
  const std::string missing = "undefined symbol: ";
  const std::size_t at = message.find(missing);
  if (at == message.npos) return fmt::format("cannot load a compiled kernel: {}", message);
  const std::string name = demangled(message.substr(at + missing.size()));
  const bool is_function = name.find('(') != name.npos;
  return fmt::format("the source declares {} and does not define it: define it{}", name,
                     is_function ? ""
                                 : ", or declare dynamic shared memory as in extern __shared__ "
                                   "float tile[];");
}

}  // namespace

fs::path module_folder() {
  const fs::path cache = cache_folder();
  if (cache.empty()) {
    throw Error(
        "neither XDG_CACHE_HOME nor HOME is set: set one; compiled kernels are stored below it");
  }
  const fs::path folder = cache / "cpu";
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (failed || ::access(folder.c_str(), W_OK) != 0) {
    throw Error(
        fmt::format("cannot write to the cache folder {}: set XDG_CACHE_HOME to one that "
                    "can be written",
                    folder.string()));
  }
  return folder;
}

void trim_cache(const fs::path& folder, std::uintmax_t max_bytes) {
  struct Entry {
    fs::path path;
    fs::file_time_type used;
    std::uintmax_t bytes;
  };
  std::vector<Entry> entries;
  std::uintmax_t total = 0;
  std::error_code ignored;
  const auto now = fs::file_time_type::clock::now();
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    entries.push_back({entry.path(), entry.last_write_time(ignored), bytes_below(entry.path())});
    auto& used = entries.back().used;
    // the clock was set back in the meantime
    if (used > now + std::chrono::hours(1)) used = used.min();
    total += entries.back().bytes;
  }
  std::sort(entries.begin(), entries.end(),
            [](const Entry& a, const Entry& b) { return a.used < b.used; });
  const auto spared = now - std::chrono::hours(1);
  for (const Entry& entry : entries) {
    if (entry.used > spared) return;
    if (total <= max_bytes && entry.path.extension() != ".tmp") continue;
    fs::remove_all(entry.path, ignored);
    total -= entry.bytes;
  }
}

std::string module_text(std::span<const Program> programs) {
  std::string includes, bodies, points, symbols;
  int entries = 0;
  for (std::size_t i = 0; i < programs.size(); ++i) {
    const Program& program = programs[i];
    std::string body = macros_begin(program) + macros_of_nvrtc(program);
    const std::vector<std::string> renamed = names_of_the_host(program);
    for (const std::string& name : renamed) {
      body += fmt::format("#define {0} {1}{0}\n", name, renamed_word);
    }
    for (std::string_view rest = program.text; !rest.empty();) {
      const std::size_t end = std::min(rest.find('\n'), rest.size() - 1) + 1;
      const std::string_view line = rest.substr(0, end);
      rest.remove_prefix(end);
      std::string& to = !program.as_given && line.starts_with("#include") ? includes : body;
      to += line;
      if (!to.ends_with('\n')) to += '\n';
    }
    const std::string space = program.as_given ? "" : fmt::format("tw_program_{}", i);
    for (const std::string& entry : program.entries) {
      // The place where the compiler reports a wrong name.
      if (program.as_given) body += fmt::format("#line 1 \"{}{}\"\n", kernel_word, entry);
      body += fmt::format("using tw_entry_{} = tw_cpu::Entry<&{}>;\n", entries, entry);
      points +=
          fmt::format("{}{}::tw_entry_{}::point", points.empty() ? "" : ", ", space, entries++);
    }
    for (const std::string& symbol : program.symbols) {
      symbols += fmt::format("tw_cpu::symbol_of({}), ", symbol);
    }
    if (!program.symbols.empty()) {
      body += fmt::format("static const tw_cpu::Symbol tw_symbols[] = {{{}}};\n", symbols);
      symbols = space + "::tw_symbols";
    }
    for (const std::string& name : renamed) body += fmt::format("#undef {}\n", name);
    body += macros_end(program);
    bodies += program.as_given ? body : fmt::format("namespace {} {{\n{}}}\n", space, body);
  }
  return fmt::format("#line 1 \"variant.cpp\"\n{}{}TW_CPU_MODULE({}, {})\n", includes, bodies,
                     symbols.empty() ? "nullptr" : symbols, points);
}

Compiled compile_module(std::span<const Program> programs) {
  Texts headers = shim_headers();
  std::vector<std::string> flags = compile_flags();
  bool needs_toolkit = false;
  for (const Program& program : programs) {
    for (const auto& [path, source] : program.headers) {
      needs_toolkit = needs_toolkit || includes_toolkit(source);
    }
    headers.merge(program.as_given ? with_dynamic_shared(program.headers) : Texts(program.headers));
    add_options(program.options, flags);
  }
  const fs::path folder = header_folder(headers, needs_toolkit ? toolkit_links() : ToolkitLinks());
  const std::string text = module_text(programs);
  const std::string key =
      digest(fmt::format("{}\n{}\n{}\n{}\n{}", host_compiler().path, host_compiler().version,
                         fmt::join(flags, " "), folder.filename().string(), text));
  Compiled result;
  result.path = module_folder() / (key + ".so");
  if (fs::exists(result.path)) {
    touch(result.path);
    return result;
  }
  const auto start = std::chrono::steady_clock::now();
  // The compiler's own files go here too, so that a killed compiler leaves none in /tmp.
  const TemporaryFolder temporary((module_folder() / key).string() + temporary_suffix());
  const std::string source = temporary.path() / "variant.cpp",
                    object = temporary.path() / "variant.o",
                    shared = temporary.path() / "variant.so";
  write_file(source, text);
  std::vector<std::string> compile{host_compiler().path};
  compile.insert(compile.end(), flags.begin(), flags.end());
  compile.insert(compile.end(), {"-I.", "-include", "shim.h", "-c", source, "-o", object});
  // Linked in a separate step, without the library of the checks.
  std::vector<std::string> link{host_compiler().path, "-shared", object, "-o", shared};
  if (std::find(flags.begin(), flags.end(), "-fsanitize=address") != flags.end()) {
    link.emplace_back("-fsanitize=address");
  }
  CommandResult command = run_command(compile, folder, temporary.path());
  if (command.ok) command = run_command(link, folder, temporary.path());
  if (command.ok) {
    fs::rename(shared, result.path);
  } else {
    result.path.clear();
    result.error = first_error(command.output);
    for (const Program& program : programs) {
      const Refusal refusal = refusal_of(command.output, program.headers);
      if (refusal.is_for_a_header) throw Error(refusal.line);
      if (!refusal.line.empty()) result.error = refusal.line;
    }
  }
  result.compile_ms =
      std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start).count();
  return result;
}

LoadedModule::LoadedModule(const fs::path& path)
    : handle_(::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) {
  if (!handle_) throw Error(load_fault(::dlerror()));
  module_ = static_cast<const tw_cpu::Module*>(::dlsym(handle_.get(), "tw_cpu_module"));
  if (!module_ || module_->version != tw_cpu::abi_version) {
    throw Error(fmt::format("{} is not a kernel module of this version: delete it", path.string()));
  }
}

void LoadedModule::Close::operator()(void* handle) const { ::dlclose(handle); }

}  // namespace tw::cpu
