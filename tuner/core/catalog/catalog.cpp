// Finds specs among the embedded texts or in a folder of the user.
#include "core/catalog/catalog.h"

#include <fmt/format.h>

#include <algorithm>
#include <filesystem>
#include <optional>

#include "core/base/digest.h"
#include "core/base/error.h"
#include "core/base/texts.h"
#include "core/catalog/source_types.h"
#include "core/from_source/from_source.h"
#include "core/from_source/kernel_choice.h"
#include "core/from_source/source_functions.h"
#include "core/spec/spec_reader.h"
#include "core/t1/t1.h"
#include "core/text/nearest.h"

namespace tw {
namespace fs = std::filesystem;
namespace {

fs::path folder_of(const fs::path& file) {
  return file.has_parent_path() ? file.parent_path() : fs::path(".");
}

std::string stem_of(const std::string& path) { return fs::path(path).stem().string(); }

// Reads an op and its kernels. `files` holds the TOML files by file name, "op.toml" among them.
OpEntry read_entry(const Texts& files, const std::string& shown_folder, const std::string& folder,
                   bool needs_reference, SourceTree& sources) {
  const auto parsed = [&](const std::string& file) {
    return parse_toml(files.at(file), shown_folder + file);
  };
  OpEntry entry;
  entry.op = read_op(parsed("op.toml"), shown_folder + "op.toml", folder, needs_reference, sources);
  for (const auto& [file, text] : files) {
    if (file == "op.toml") continue;
    entry.kernels.push_back(
        read_kernel(parsed(file), shown_folder + file, stem_of(file), entry.op, sources));
  }
  return entry;
}

void add_closures(const OpEntry& entry, SourceTree& sources,
                  std::map<std::string, Texts, std::less<>>& closures) {
  std::vector<std::string> paths{entry.op.header, entry.op.reference_source};
  for (const KernelSpec& kernel : entry.kernels) paths.push_back(kernel.source);
  if (!entry.op.epilogue_steps.empty()) paths.emplace_back(epilogue_source);
  for (const std::string& path : paths) {
    if (!path.empty()) closures.try_emplace(path, sources.closure(path));
  }
}

// Returns the dims and choices that each source declares itself.
std::map<std::string, std::set<std::string>> declarations_of(
    const OpSpec& op, const std::map<std::string, Texts, std::less<>>& closures) {
  std::set<std::string> names;
  for (const DimSpec& dim : op.dims) names.insert(dim.name);
  for (const ChoiceSpec& choice : op.choices) names.insert(choice.name);
  std::map<std::string, std::set<std::string>> declared;
  for (const auto& [path, closure] : closures) {
    for (const auto& [file, text] : closure) declared[path].merge(declared_names(text, names));
  }
  return declared;
}

// Returns the number of parameters of a kernel; nothing if there is no such source or kernel, or if
// there are several. Throws Error if the path leaves the folder.
std::optional<std::size_t> parameter_count(SourceTree& sources, const std::string& file,
                                           const std::string& name) {
  const std::string plain = name.substr(0, name.find('<'));
  const std::string* source = sources.find(file);
  if (!source) return std::nullopt;
  std::optional<std::size_t> count;
  for (const SourceFunction& kernel : kernels_of(*source)) {
    if (kernel.name != plain) continue;
    if (count && *count != kernel.parameters.size()) return std::nullopt;
    count = kernel.parameters.size();
  }
  return count;
}

// Returns op.toml and the kernels' files in the same folder.
Texts files_beside(const std::string& path) {
  if (fs::path(path).filename() != "op.toml") {
    throw Error(
        fmt::format("{}: name the op's file, which is called op.toml, or a T1 file (.json)", path));
  }
  Texts files{{"op.toml", read_text_file(path)}};
  const fs::path folder = fs::path(path).parent_path();
  std::error_code fault;
  for (const auto& item : fs::directory_iterator(folder.empty() ? "." : folder, fault)) {
    const std::string name = item.path().filename().string();
    if (item.path().extension() != ".toml" || name == "op.toml") continue;
    if (!stays_below(fs::canonical(folder.empty() ? "." : folder), item.path())) {
      throw Error(
          fmt::format("{}: is a link that leaves the folder: copy the file", item.path().string()));
    }
    files[name] = read_text_file(item.path());
  }
  if (fault) throw Error(fmt::format("{}: its folder cannot be listed: check permissions", path));
  if (files.size() == 1) {
    throw Error(fmt::format("{}: there is no kernel's .toml beside it: add one", path));
  }
  return files;
}

}  // namespace

Catalog Catalog::load(const Texts& spaces, Texts sources, const std::string& origin) {
  std::map<std::string, Texts> folders;
  for (const auto& [path, text] : spaces) {
    const fs::path parsed(path);
    const std::string folder = parsed.parent_path().string();
    if (folder.empty() || folder.find('/') != std::string::npos) {
      throw Error(fmt::format("{}{}:1: a spec is <op>/op.toml or <op>/<kernel>.toml: move it",
                              origin, path));
    }
    folders[folder][parsed.filename().string()] = text;
  }
  Catalog catalog;
  SourceTree tree(std::move(sources));
  for (const auto& [folder, files] : folders) {
    const std::string shown = origin + folder + "/";
    if (!files.contains("op.toml")) {
      throw Error(fmt::format("{}{}:1: there is no op.toml beside it: add one", shown,
                              files.begin()->first));
    }
    OpEntry entry = read_entry(files, shown, folder + "/", true, tree);
    if (entry.op.name != folder) {
      throw Error(fmt::format("{}op.toml:1: the op is called '{}', its folder '{}': use one name",
                              shown, entry.op.name, folder));
    }
    add_closures(entry, tree, catalog.closures_);
    catalog.ops_.push_back(std::move(entry));
  }
  catalog.sources_ = tree.texts();
  return catalog;
}

Catalog Catalog::load_file(const std::string& path, const Texts& builtin_sources) {
  const fs::path folder = fs::path(path).parent_path();
  const bool is_t1 = fs::path(path).extension() == ".json";
  const Texts given = is_t1 ? Texts{{path, read_text_file(path)}} : files_beside(path);
  SourceTree tree(builtin_sources, folder_of(path));
  std::optional<T1File> t1;
  if (is_t1) {
    t1.emplace(given.at(path), path, [&](const std::string& file, const std::string& name) {
      return parameter_count(tree, file, name);
    });
  }
  const Texts& files = t1 ? t1->specs() : given;
  const std::string shown = t1 || folder.empty() ? "" : folder.string() + "/";
  Catalog catalog;
  if (t1) catalog.notices_ = t1->notices();
  OpEntry entry;
  try {
    entry = read_entry(files, shown, "", false, tree);
    for (const KernelSpec& kernel : entry.kernels) {
      const std::string file = kernel.name + ".toml";
      const TomlNode node = parse_toml(files.at(file), shown + file);
      check_source_types(TomlTable(node, shown + file, ""), entry.op, kernel,
                         tree.closure(kernel.source));
    }
  } catch (const TomlError& fault) {
    if (t1) t1->blame(fault);  // the user did not write the line of the generated spec
    throw;
  }
  catalog.add_foreign(std::move(entry), tree);
  return catalog;
}

Catalog Catalog::load_source(const SourceOptions& options, const Texts& builtin_sources) {
  const auto asked = source_and_name(options.kernel.text);
  if (!asked) options.kernel.fail("names no source: write FILE.cu:NAME, as in saxpy.cu:saxpy");
  const fs::path path = asked->path, folder = folder_of(path);
  const std::string file = path.filename().string();
  std::optional<SourceTree> tree;
  Texts sources;
  try {
    read_text_file(path);  // its messages name the path as the user did
    tree.emplace(builtin_sources, folder);
    sources = tree->closure(file);
  } catch (const Error& fault) {
    options.kernel.fail(fault.what());
  }
  const auto specs =
      specs_of_source(options, file, asked->name, sources, data_files_of(options, folder));
  Catalog catalog;
  try {
    catalog.add_foreign(read_entry(specs.texts(), "", "", false, *tree), *tree);
  } catch (const TomlError& fault) {
    specs.blame(fault);
  }
  catalog.files_ = specs.texts();
  for (const auto& [name, text] : sources) {
    if (fs::exists(folder / name)) catalog.files_.emplace(name, text);
  }
  return catalog;
}

void Catalog::add_foreign(OpEntry entry, SourceTree& tree) {
  foreign_ = true;
  add_closures(entry, tree, closures_);
  declared_ = declarations_of(entry.op, closures_);
  ops_.push_back(std::move(entry));
  sources_ = tree.texts();
}

const std::set<std::string>& Catalog::declared_in(const std::string& source) const {
  static const std::set<std::string> none;
  const auto found = declared_.find(source);
  return found == declared_.end() ? none : found->second;
}

const OpEntry* Catalog::find(std::string_view op) const {
  for (const OpEntry& entry : ops_) {
    if (entry.op.name == op) return &entry;
  }
  return nullptr;
}

const OpEntry& Catalog::at(std::string_view op) const {
  if (const OpEntry* entry = find(op)) return *entry;
  std::vector<std::string> known;
  for (const OpEntry& entry : ops_) known.push_back(entry.op.name);
  throw Error(fmt::format("unknown op '{}'{}", op, suggestion(op, known)));
}

Texts Catalog::sources_of(std::string_view path) const {
  const auto known = closures_.find(path);
  if (known != closures_.end()) return known->second;
  return SourceTree(sources_).closure(std::string(path));
}

std::string Catalog::source_digest(const KernelSpec& kernel, const Epilogue& epilogue) const {
  if (epilogue.steps.empty()) return kernel.source_digest;
  std::string all = kernel.source_digest;
  for (const auto& [path, text] : sources_of(epilogue_source)) all += path + "\n" + text;
  return digest(all);
}

}  // namespace tw
