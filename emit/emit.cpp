#include "emit/emit.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "core/base/digest.h"
#include "core/base/error.h"
#include "core/base/replace_file.h"
#include "core/spec/sources.h"
#include "emit/header/write.h"
#include "emit/model.h"
#include "emit/tuning/tuning.h"

namespace tw {
namespace {

constexpr std::size_t digest_digits = 8;
using Files = std::map<std::string, std::string>;

}  // namespace

std::string nothing_held(const EmitRequest& request) {
  if (!tuning_of(request).branches.empty()) return "";
  std::vector<std::string> reasons;
  for (const KernelSpec& kernel : request.catalog->at(request.op).kernels) {
    const bool rejected =
        std::any_of(request.rejected.begin(), request.rejected.end(),
                    [&](const Rejected& one) { return one.kernel == kernel.name; });
    reasons.push_back(
        fmt::format("kernel {} {}", kernel.name,
                    kernel.knobs_are_macros ? "takes its knobs as macros: give it knobs = \"type\""
                    : rejected ? "failed the check: mend it, or exclude these problems in its needs"
                               : "has no configuration for the op's edge_shapes or large dims"));
  }
  return fmt::format("a header could hold none of the kernels of op {}: {}", request.op,
                     fmt::join(reasons, "; "));
}

Files emit(const EmitRequest& request) {
  if (const std::string why = nothing_held(request); !why.empty()) throw Error(why);
  header::Model model = model_of(tuning_of(request));
  model.digest = std::string(digest_digits, '0');
  std::string all;
  for (const auto& [path, text] : header::write_files_of(model)) {
    all += path + '\0' + text + '\0';
  }
  model.digest = digest(all).substr(0, digest_digits);
  const header::Texts files = header::write_files_of(model);
  return {files.begin(), files.end()};
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
