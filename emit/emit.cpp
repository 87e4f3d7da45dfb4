#include "emit/emit.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "core/base/digest.h"
#include "core/base/error.h"
#include "core/base/replace_file.h"
#include "core/spec/sources.h"
#include "emit/header/write.h"
#include "emit/model.h"
#include "emit/tuning/given_kernel.h"
#include "emit/tuning/tuning.h"

namespace tw {
namespace {

using Files = std::map<std::string, std::string>;

// Returns whether the file is there and was not written by `tune emit`. The source of a kernel may
// have the name of a file of the header.
bool is_of_others(const std::filesystem::path& path) {
  std::ifstream file(path);
  if (!file) return false;
  const std::string_view mark = path.extension() == ".json" ? "{\n  \"op\": " : "// Written by ";
  std::string begin(mark.size(), ' ');
  file.read(begin.data(), static_cast<std::streamsize>(begin.size()));
  return begin != mark;
}

// Returns whether the file is what write_kernel_instances() has written.
bool is_part(const std::filesystem::path& path) {
  if (is_of_others(path)) return false;
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("// Defines the kernel ")) return true;
  }
  return false;
}

}  // namespace

std::string nothing_held(const EmitRequest& request) {
  if (!tuning_of(request).branches.empty()) return "";
  std::vector<std::string> reasons;
  for (const KernelSpec& kernel : request.catalog->at(request.op).kernels) {
    const bool rejected =
        std::any_of(request.rejected.begin(), request.rejected.end(),
                    [&](const Rejected& one) { return one.kernel == kernel.name; });
    const std::string fault = given_fault(kernel);
    const bool is_compiled_in = !compiled_dims(*request.catalog, kernel).empty();
    reasons.push_back(fmt::format(
        "kernel {} {}", kernel.name,
        !fault.empty() ? fault
        : rejected     ? "failed the check: mend it, or exclude these problems in its needs"
        : is_compiled_in
            ? "has dims as macros, so it serves tuned problems only, and there is no winner"
            : "has no configuration for the op's edge_shapes or large dims"));
  }
  return fmt::format("a header could hold none of the kernels of op {}: {}", request.op,
                     fmt::join(reasons, "; "));
}

void check_kernels(const EmitRequest& request) {
  for (const Winner& winner : request.winners) {
    for (const KernelSpec& kernel : request.catalog->at(request.op).kernels) {
      const std::string fault =
          kernel.name == winner.trial.context.code.kernel ? given_fault(kernel) : "";
      if (fault.empty()) continue;
      throw Error(fmt::format("kernel {} of op {} {}", kernel.name, request.op, fault));
    }
  }
  check_header_names(tuning_of(request));
}

Files emit(const EmitRequest& request) {
  check_kernels(request);
  if (const std::string why = nothing_held(request); !why.empty()) throw Error(why);
  header::Model model = model_of(tuning_of(request));
  model.digest = std::string(header::digest_digits, '0');
  std::string all;
  for (const auto& [path, text] : header::write_files_of(model)) {
    all += path + '\0' + text + '\0';
  }
  model.digest = digest(all).substr(0, header::digest_digits);
  const header::Texts files = header::write_files_of(model);
  return {files.begin(), files.end()};
}

void check_folder(const std::string& folder, const Files& files) {
  for (const auto& [name, text] : files) {
    const std::string path = (std::filesystem::path(folder) / name).string();
    const bool is_in_own_folder = name.find('/') != name.npos;
    if (is_in_own_folder || !is_of_others(path)) continue;
    throw Error(fmt::format(
        "cannot write {}: a file of that name is there, and tune emit did not write it: choose "
        "another --out",
        path));
  }
}

void remove_earlier_parts(const std::string& folder, const std::string& op, const Files& files) {
  namespace fs = std::filesystem;
  std::error_code fault;
  std::vector<fs::path> earlier;
  for (const fs::directory_entry& one : fs::directory_iterator(folder, fault)) {
    const std::string name = one.path().filename().string();
    const bool is_named = name.starts_with(op + ".") && name.ends_with(".cu");
    if (is_named && !files.count(name) && one.is_regular_file(fault) && is_part(one.path())) {
      earlier.push_back(one.path());
    }
  }
  for (const fs::path& path : earlier) fs::remove(path, fault);
}

void write_files(const std::string& folder, const Files& files) {
  namespace fs = std::filesystem;
  const auto fail = [&](const std::string& path, const std::string& why) {
    throw Error(fmt::format("cannot write {}: {}: choose another --out", path, why));
  };
  std::error_code fault;
  fs::create_directories(folder, fault);
  if (fault) fail(folder, fault.message());
  const fs::path root = fs::canonical(folder);
  for (const auto& [name, text] : files) {
    const fs::path path = fs::path(folder) / name, parent = path.parent_path();
    if (!stays_below(root, parent)) fail(path.string(), "a link leads out of the folder");
    fs::create_directories(parent, fault);
    if (fault) fail(parent.string(), fault.message());
    if (const std::error_code failure = replace_file(path.string(), text)) {
      fail(path.string(), failure.message());
    }
  }
}

}  // namespace tw
