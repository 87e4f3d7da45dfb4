// Puts an emitted folder together: texts from the model, the kernel sources, and the parts of
// emit/emitted under the tuning's own digest, with a notice at the top of each file.
#include "emit/emit.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <system_error>

#include "core/base/digest.h"
#include "core/base/error.h"
#include "core/base/replace_file.h"
#include "core/base/texts.h"
#include "core/catalog/catalog.h"
#include "core/spec/sources.h"
#include "emit/tuning/tuning.h"

namespace tw {
namespace {

constexpr std::size_t digest_digits = 8;
using Files = std::map<std::string, std::string>;

constexpr const char* license_of_ours =
    "Part of Tilewright. Licensed under the Apache License, Version 2.0; see "
    "http://www.apache.org/licenses/LICENSE-2.0. SPDX-License-Identifier: Apache-2.0";

// Returns the notice of a kernel source. Our sources carry our license; the user's sources do not.
std::string source_notice(const EmitModel& model, const std::string& path,
                          const std::string& text) {
  const Texts& ours = builtin_sources();
  const auto at = ours.find(path);
  const bool is_ours = at != ours.end() && at->second == text;
  return comment(fmt::format("Copied from {}{}, source digest {}; its names carry the tuning's "
                             "digest, {}.",
                             is_ours ? "Tilewright's kernels/" : "", path, digest(text),
                             model.renaming.digest)) +
         (is_ours ? comment(license_of_ours) : "");
}

// Returns all files, for the digest that the model has. emit() computes this digest from the files
// of a first pass.
Files texts_of(const EmitModel& model) {
  const std::string folder = fmt::format("tilewright_{}/", model.renaming.digest);
  const std::string notice = notice_of(model) + comment(license_of_ours) + "//\n";
  const std::string& op = model.op().name;
  Files files;
  // Does not use guard_of, because a kernel's source may have the name of the op.
  const auto add_header = [&](const std::string& path, const std::string& text) {
    files[path] = notice + guarded(text, fmt::format("TILEWRIGHT_API_{}_{}", model.renaming.digest,
                                                     escaped(path)));
  };
  add_header(header_of(model), api_text(model));
  add_header(op + ".cuh", dispatch_text(model));
  files[op + ".cu"] = notice + source_text(model);

  Texts parts = emitted_texts();
  parts["dispatch/select.h"] = "";  // written below, because its names are the user's
  if (!uses_tensor_maps(model)) {
    parts.erase("dispatch/tensor_map.cuh");
    parts.erase("dispatch/encode_tensor_map.h");
  }
  for (const auto& [path, text] : parts) {
    if (model.sources.count(path)) {
      throw Error(
          fmt::format("kernel source {} has a name that emitted headers use: move it to "
                      "another folder",
                      comment_safe(path)));
    }
    const std::string head = comment(license_of_ours) + "//\n";
    const Renaming of_ours{model.renaming.digest, {"tw"}};
    files[folder + path] =
        head + (path == "dispatch/select.h"
                    ? guarded(select_text(model), guard_of(path, model.renaming.digest))
                    : renamed_source(path, parts, of_ours));
  }
  for (const auto& [path, text] : model.sources) {
    files[folder + path] = source_notice(model, path, text) + "//\n" +
                           renamed_source(path, model.sources, model.renaming);
  }
  return files;
}

}  // namespace

std::string nothing_held(const EmitRequest& request) {
  if (!model_of(request).branches.empty()) return "";
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
  EmitModel model = model_of(request);
  model.renaming.digest = std::string(digest_digits, '0');
  std::string all;
  for (const auto& [path, text] : texts_of(model)) all += path + '\0' + text + '\0';
  model.renaming.digest = digest(all).substr(0, digest_digits);
  return texts_of(model);
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
