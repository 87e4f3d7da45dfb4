#include "options/source_options.h"

#include <fmt/format.h>

#include <filesystem>

#include "core/base/array_file.h"
#include "core/base/error.h"
#include "core/base/replace_file.h"
#include "core/from_source/data_files.h"
#include "core/from_source/kernel_choice.h"
#include "core/from_source/source_option.h"
#include "core/spec/sources.h"

namespace tw {
namespace {

namespace fs = std::filesystem;

std::vector<SourceOption> options_of(const Arguments& arguments, const std::string& flag) {
  std::vector<SourceOption> options;
  for (const std::string& text : arguments.texts(flag)) options.push_back({flag, text});
  return options;
}

SourceOption required(const Arguments& arguments, const std::string& flag,
                      std::string_view example) {
  if (arguments.has(flag)) return {flag, arguments.text(flag)};
  throw Error(fmt::format("no --{}: give it with --kernel FILE.cu:NAME, as in {}", flag, example));
}

SourceOptions source_options(const Arguments& arguments) {
  SourceOptions options;
  options.kernel.text = arguments.text("kernel");
  options.grid = required(arguments, "grid", "--grid 'ceil_div(n, BLOCK)'");
  options.block = required(arguments, "block", "--block BLOCK");
  options.smem.text = arguments.text("smem");
  options.knobs = options_of(arguments, "knob");
  options.conditions = options_of(arguments, "when");
  options.args = options_of(arguments, "arg");
  options.sizes = options_of(arguments, "size");
  options.compiler = options_of(arguments, "option");
  options.constants = options_of(arguments, "constant");
  options.values = options_of(arguments, "values");
  options.expected = options_of(arguments, "expected");
  options.reference.text = arguments.text("reference");
  return options;
}

// Returns whether two files that are there have the same content.
bool are_equal(const std::string& a, const std::string& b) {
  return describe_array(a).digest == describe_array(b).digest;
}

// Copies the arrays that the op names.
void save_arrays(const std::vector<DataFile>& arrays, const std::string& folder) {
  for (const DataFile& one : arrays) {
    const fs::path path = fs::path(folder) / one.saved;
    std::error_code fault;
    if (fs::exists(path, fault)) continue;
    fs::create_directories(path.parent_path(), fault);
    fs::copy_file(one.text, path, fault);
    if (!fault) continue;
    throw Error(
        fmt::format("--save-spec {}: cannot write {}: {}", folder, path.string(), fault.message()));
  }
}

// Writes the files of the op. A file that is there already must be the same.
void save(const Texts& files, const std::vector<DataFile>& arrays, const std::string& folder) {
  const auto fail = [&](const std::string& what) {
    throw Error(fmt::format("--save-spec {}: {}", folder, what));
  };
  const auto fail_other = [&](const fs::path& path) {
    fail(fmt::format("{} is there already, and differs: name another folder, or remove it",
                     path.string()));
  };
  std::error_code fault;
  for (const auto& [name, text] : files) {
    const fs::path path = fs::path(folder) / name;
    if (fs::exists(path, fault) && read_text_file(path) != text) fail_other(path);
  }
  for (const DataFile& one : arrays) {
    const fs::path path = fs::path(folder) / one.saved;
    if (files.contains(one.saved)) {
      fail(fmt::format("{} has the name of a file of the spec: rename it", one.text));
    }
    if (fs::exists(path, fault) && !are_equal(path.string(), one.text)) fail_other(path);
  }
  save_arrays(arrays, folder);
  for (const auto& [name, text] : files) {
    const fs::path path = fs::path(folder) / name;
    if (fs::exists(path, fault)) continue;
    fs::create_directories(path.parent_path(), fault);
    if (fault) fail(fmt::format("cannot be created: {}", fault.message()));
    fault = replace_file(path.string(), text);
    if (fault) fail(fmt::format("cannot write {}: {}", path.string(), fault.message()));
  }
}

}  // namespace

std::vector<Flag> source_flags() {
  return {
      {"knob", "NAME=V,...",
       "a compile-time parameter of --kernel FILE.cu:NAME, and its values; the first is the "
       "default, with whose results all others are compared. A macro of the source, or $NAME in "
       "the "
       "kernel's name. Values: numbers, true, false, texts, and ranges: 1..8, 0..64:+16, "
       "16..128:*2",
       true},
      {"when", "EXPR", "a condition that the knobs must satisfy: BLOCK*VEC<=512", true},
      {"grid", "EXPR,...", "blocks of the launch, one to three: 'ceil_div(n, BLOCK*VEC)'"},
      {"block", "EXPR,...", "threads of a block, one to three: BLOCK"},
      {"smem", "EXPR", "bytes of dynamic shared memory"},
      {"arg", "ARG",
       "an argument of the kernel, in its order. A tensor with what the kernel does with it: "
       "f32[n]:in, float4[n/4]:out, y=f16[m][n]:inout. Or a number: 2.5f, 3, u8(3), f16(0.5), n, "
       "i64(n*2)",
       true},
      {"size", "NAME=EXPR",
       "a size that extents, the grid and arguments use: n=1<<24. --shape can give another value",
       true},
      {"constant", "SYMBOL=TYPE[EXTENTS]",
       "an array of the source in constant memory that gets values: filters::taps=f32[5]", true},
      {"values", "NAME=RULE",
       "what an input or a constant holds, instead of random numbers: x=uniform(0, 2), x=1, "
       "x=iota(0, 0.5), index=permutation, rows=sorted(0, n), x=formula(i % 7), x=x.npy",
       true},
      {"expected", "NAME=FILE", "the right values of a result: y=y.npy, or y=formula(3 * i)", true},
      {"reference", "KERNEL",
       "a kernel of the same source whose results are the right ones, with the same parameters: "
       "plain, or with a launch of its own: 'plain<<<ceil_div(n, 256), 256>>>'"},
      {"option", "OPTION", "an option of the compiler: -use_fast_math, -DWIDTH=4, ...", true},
      {"save-spec", "FOLDER",
       "write op.toml, the kernel's TOML and copies of the sources to FOLDER, and go on. `tune "
       "--spec FOLDER/op.toml` then tunes the same kernel"},
  };
}

bool has_source(const Arguments& arguments) {
  const bool names_source = source_and_name(arguments.text("kernel")).has_value();
  if (names_source && !arguments.has("spec")) return true;
  for (const Flag& flag : source_flags()) {
    if (!arguments.has(flag.name)) continue;
    throw Error(fmt::format("--{} describes the kernel of a source: {}", flag.name,
                            arguments.has("spec") ? "give either --spec or --kernel FILE.cu:NAME"
                                                  : "give --kernel FILE.cu:NAME with it"));
  }
  if (!names_source) return false;
  throw Error(fmt::format("--spec and --kernel {} exclude each other: a spec names its sources",
                          arguments.text("kernel")));
}

Catalog catalog_of_source(const Arguments& arguments) {
  const SourceOptions options = source_options(arguments);
  Catalog catalog = Catalog::load_source(options, builtin_sources());
  if (arguments.has("save-spec")) {
    const fs::path source = source_and_name(options.kernel.text)->path;
    const std::vector<DataFile> arrays = data_files_of(options, source.parent_path());
    Texts files = catalog.files();
    files["op.toml"] = with_saved_names(files["op.toml"], arrays);
    save(files, arrays, arguments.text("save-spec"));
  }
  return catalog;
}

}  // namespace tw
