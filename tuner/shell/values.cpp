#include "shell/values.h"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <set>

#include "core/catalog/catalog.h"
#include "core/types/dtype.h"
#include "core/types/epilogue.h"
#include "db/upkeep/context_values.h"
#include "options/filter_options.h"
#include "search/strategies/strategy.h"

namespace tw {
namespace {

namespace fs = std::filesystem;

using Words = std::vector<std::string>;

void add(Completion& completion, const Words& words) {
  for (const std::string& word : words) completion.words.push_back({word, ""});
}

// Returns what stands between `begin` and the end of the name: "gemm/simt.toml" -> "simt".
std::string stem_of(const std::string& path) { return fs::path(path).stem().string(); }

// Returns the names of the folders of search_spaces/, which are those of the ops, or of the kernels
// in one folder. Reading the files would take longer.
Words builtin_names(const std::string& op) {
  std::set<std::string> names;
  for (const auto& [path, text] : builtin_spaces()) {
    const std::string folder = path.substr(0, path.find('/'));
    const bool is_op_file = stem_of(path) == "op";
    if (op.empty() && is_op_file) names.insert(folder);
    if (!op.empty() && !is_op_file && (op == folder || op == "*")) names.insert(stem_of(path));
  }
  return {names.begin(), names.end()};
}

// Returns the catalog with the op that the line names: built in, or that of --spec. A built-in op is
// there without its kernels, which take longer to read. Empty if the line names none.
Catalog catalog_of(const TypedLine& line) {
  const std::string spec = line.value_of("spec");
  if (!spec.empty()) return Catalog::load_file(spec, builtin_sources());
  std::string op = line.value_of("op");
  if (op.empty() && line.command->name == "ops") op = line.positional();
  Texts spaces;
  const auto file = builtin_spaces().find(op + "/op.toml");
  if (file != builtin_spaces().end()) spaces.insert(*file);
  return spaces.empty() ? Catalog{} : Catalog::load(spaces, builtin_sources(), "search_spaces/");
}

const OpEntry* op_of(const Catalog& catalog) {
  return catalog.ops().empty() ? nullptr : &catalog.ops().front();
}

// Returns the values of the rows in the database of the line; empty ones if there is none.
ContextValues rows_of(const TypedLine& line) {
  std::string path = line.value_of("db");
  if (path.empty()) path = default_database;
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return {};
  return context_values(path, line.value_of("op"));
}

// Returns whether the command computes a problem. Other commands select rows of a database.
bool takes_shape(const TypedLine& line) { return find_flag(*line.command, "shape") != nullptr; }

void add_ops(const TypedLine& line, const std::string&, Completion& completion) {
  if (!takes_shape(line)) {
    const ContextValues rows = rows_of(line);
    add(completion, {rows.ops.begin(), rows.ops.end()});
  }
  if (completion.words.empty()) add(completion, builtin_names(""));
}

void add_kernels(const TypedLine& line, const std::string&, Completion& completion) {
  if (!takes_shape(line)) {
    const ContextValues rows = rows_of(line);
    return add(completion, {rows.kernels.begin(), rows.kernels.end()});
  }
  if (line.value_of("spec").empty()) {
    const std::string op = line.command->name == "ops" ? line.positional() : line.value_of("op");
    completion.files = line.command->name != "record";  // FILE.cu:NAME
    return add(completion, builtin_names(op.empty() ? "*" : op));
  }
  const Catalog catalog = catalog_of(line);
  for (const KernelSpec& kernel : catalog.ops().front().kernels) {
    completion.words.push_back({kernel.name, kernel.doc});
  }
}

void add_dtypes(const TypedLine& line, const std::string&, Completion& completion) {
  const Catalog catalog = catalog_of(line);
  if (!op_of(catalog)) return add(completion, {"f32", "f16", "bf16"});
  for (const DType dtype : op_of(catalog)->op.dtypes) {
    completion.words.push_back({std::string(name_of(dtype)), ""});
  }
}

void add_maths(const TypedLine& line, const std::string&, Completion& completion) {
  const Catalog catalog = catalog_of(line);
  if (!op_of(catalog)) return add(completion, math_names());
  const OpSpec& op = op_of(catalog)->op;
  const std::string dtype = line.value_of("dtype");
  std::set<std::string> maths;
  for (const auto& [of, names] : op.maths) {
    if (dtype.empty() || dtype == of) maths.insert(names.begin(), names.end());
  }
  add(completion, {maths.begin(), maths.end()});
}

void add_layouts(const TypedLine& line, const std::string&, Completion& completion) {
  const Catalog catalog = catalog_of(line);
  if (!op_of(catalog)) return;
  for (const ChoiceSpec& choice : op_of(catalog)->op.choices) {
    if (choice.name == "layout") add(completion, choice.values);
  }
}

// Returns the end of the last comma: what stands before it is complete.
std::size_t after_comma(const std::string& typed) { return typed.rfind(',') + 1; }

void add_steps(const TypedLine& line, const std::string& typed, Completion& completion) {
  const std::string before = typed.substr(0, after_comma(typed));
  const Catalog catalog = catalog_of(line);
  const OpEntry* entry = op_of(catalog);
  const auto is_of_op = [&](const EpilogueWord& word) {
    if (!entry) return true;
    const Words& allowed = word.reduces ? entry->op.epilogue_reductions : entry->op.epilogue_steps;
    return std::find(allowed.begin(), allowed.end(), word.name) != allowed.end();
  };
  for (const EpilogueWord& word : epilogue_words()) {
    if (!is_of_op(word)) continue;
    completion.words.push_back({before + std::string(word.name), std::string(word.doc)});
  }
}

// Adds "m=", "n=", and after "layout=" the choice's values.
void add_shape(const TypedLine& line, const std::string& typed, Completion& completion) {
  const Catalog catalog = catalog_of(line);
  if (!op_of(catalog)) return;
  const OpSpec& op = op_of(catalog)->op;
  const std::string before = typed.substr(0, after_comma(typed));
  const std::string part = typed.substr(before.size());
  const auto add_name = [&](const std::string& name, const std::string& doc) {
    if ((',' + before).find(',' + name + '=') != std::string::npos) return;
    completion.words.push_back({before + name + '=', doc});
  };
  if (part.find('=') == part.npos) {
    for (const DimSpec& dim : op.dims) add_name(dim.name, dim.doc);
    for (const ChoiceSpec& choice : op.choices) add_name(choice.name, choice.doc);
    for (const ScalarSpec& scalar : op.scalars) add_name(scalar.name, scalar.doc);
    return;
  }
  for (const ChoiceSpec& choice : op.choices) {
    if (!part.starts_with(choice.name + '=')) continue;
    for (const std::string& value : choice.values) {
      completion.words.push_back({before + choice.name + '=' + value, ""});
    }
  }
}

// Adds the parts of the problems' names that tell them apart: "m=4096,n=4096,k=4096".
void add_problems(const TypedLine& line, const std::string&, Completion& completion) {
  std::set<std::string> parts;
  for (const std::string& problem : rows_of(line).problems) {
    for (std::size_t begin = 0; begin < problem.size();) {
      const std::size_t end = std::min(problem.find(' ', begin), problem.size());
      const std::string part = problem.substr(begin, end - begin);
      if (part.find('=') != part.npos) parts.insert(part);
      begin = end + 1;
    }
  }
  add(completion, {parts.begin(), parts.end()});
}

// Adds devices that can run kernels; for commands that select rows, the models in the database. A
// model is named by its last word, because blanks would need quotes.
void add_devices(const TypedLine& line, const std::string& typed, Completion& completion) {
  const Flag* flag = find_flag(*line.command, "device");
  if (flag && flag->argument == "DEVICE") {
    completion.files = typed.starts_with("replay:");
    return add(completion,
               {"auto", "cuda:0", "cpu", "cpu:80", "cpu:89", "cpu:90", "cpu:120", "replay:"});
  }
  std::set<std::string> models;
  for (const std::string& model : rows_of(line).devices) {
    const bool has_blank = model.find(' ') != model.npos;
    const std::size_t second = model.starts_with("NVIDIA ") ? 7 : 0;
    models.insert(has_blank ? model.substr(second, model.find(' ', second) - second) : model);
  }
  add(completion, {models.begin(), models.end()});
}

void add_strategies(const TypedLine&, const std::string&, Completion& completion) {
  for (const StrategyInfo& info : strategies()) {
    completion.words.push_back({std::string(info.name), std::string(info.doc)});
  }
}

void add_sources(const TypedLine&, const std::string&, Completion& completion) {
  const auto names = source_names();
  add(completion, {names.begin(), names.end()});
}

void add_outcomes(const TypedLine&, const std::string&, Completion& completion) {
  const auto names = outcome_names();
  add(completion, {names.begin(), names.end()});
}

void add_alignments(const TypedLine&, const std::string&, Completion& completion) {
  add(completion, {"2", "4", "8", "16"});
}

void add_capabilities(const TypedLine&, const std::string&, Completion& completion) {
  add(completion, {"80", "89", "90", "120"});
}

// Options whose argument has a name that does not say what it is.
struct NamedValues {
  std::string_view flag;
  void (*add)(const TypedLine& line, const std::string& typed, Completion& completion);
};
constexpr NamedValues named_values[] = {
    {"op", add_ops},           {"kernel", add_kernels},      {"dtype", add_dtypes},
    {"math", add_maths},       {"layout", add_layouts},      {"epilogue", add_steps},
    {"shape", add_shape},      {"problem", add_problems},    {"device", add_devices},
    {"source", add_sources},   {"strategy", add_strategies}, {"outcome", add_outcomes},
    {"align", add_alignments}, {"cc", add_capabilities},
};

// Adds what an argument says of itself: FILE, FOLDER, "cold|warm", "N|90s|auto". Words in capitals
// stand for values of the user; "cuda:N" is an example of one.
void add_described(const std::string& argument, Completion& completion) {
  if (argument == "FOLDER") completion.folders = true;
  if (argument.starts_with("FILE")) completion.files = true;
  if (argument.find('|') == argument.npos) return;
  for (std::size_t begin = 0; begin <= argument.size();) {
    const std::size_t end = std::min(argument.find('|', begin), argument.size());
    std::string word = argument.substr(begin, end - begin);
    if (word.ends_with(":N")) word.back() = '0';
    const auto is_upper = [](unsigned char c) { return std::isupper(c) != 0; };
    if (std::none_of(word.begin(), word.end(), is_upper)) completion.words.push_back({word, ""});
    begin = end + 1;
  }
}

}  // namespace

std::string TypedLine::value_of(const std::string& option) const {
  const std::string name = "--" + option;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == name && i + 1 < words.size()) return words[i + 1];
    if (words[i].starts_with(name + '=')) return words[i].substr(name.size() + 1);
  }
  return "";
}

std::string TypedLine::positional() const {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!words[i].starts_with('-')) return words[i];
    const Flag* flag =
        words[i].starts_with("--") ? find_flag(*command, words[i].substr(2)) : nullptr;
    if (flag && !flag->argument.empty()) ++i;
  }
  return "";
}

const Flag* find_flag(const CommandSpec& command, const std::string& name) {
  const auto at = std::find_if(command.flags.begin(), command.flags.end(),
                               [&](const Flag& flag) { return flag.name == name; });
  return at == command.flags.end() ? nullptr : &*at;
}

Completion values_of_flag(const TypedLine& line, const Flag& flag, const std::string& typed) {
  Completion completion;
  for (const NamedValues& values : named_values) {
    if (values.flag != flag.name) continue;
    values.add(line, typed, completion);
    return completion;
  }
  add_described(flag.argument, completion);
  return completion;
}

Completion values_of_positional(const TypedLine& line) {
  // The usage is "tune query [winners|trials] [options]": the word follows the command's name.
  const std::string head = "tune " + line.command->name + ' ';
  const std::string& usage = line.command->usage;
  Completion completion;
  if (!usage.starts_with(head)) return completion;
  std::string word = usage.substr(head.size());
  word = word.substr(word.starts_with('[') ? 1 : 0);
  word = word.substr(0, word.find_first_of(" ]"));
  if (word == "OP") {
    add_ops(line, "", completion);
  } else {
    add_described(word, completion);
  }
  return completion;
}

}  // namespace tw
