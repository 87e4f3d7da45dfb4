// tune emit: the winners of a database as a C++ dispatch header.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <set>

#include "commands.h"
#include "emit.h"
#include "error.h"
#include "format.h"
#include "options.h"
#include "problem_options.h"
#include "space.h"
#include "version.h"

namespace tw {
namespace {

CommandSpec specification() {
  return {
      .name = "emit",
      .summary =
          "Writes the winners of an op as a C++ dispatch header that needs nothing but a CUDA "
          "toolkit.",
      .usage = "tune emit --op OP --out FOLDER [options]",
      .flags =
          {
              {"op", "OP", "whose winners"},
              {"out", "FOLDER", "where the files go; made if there is none"},
              {"db", "FILE", "the database of trials (default: tilewright.db here)"},
              {"problem", "TEXT", "only problems whose name contains this"},
              {"device", "MODEL", "the GPU, if the database knows several"},
              {"source", "SOURCE",
               "which rows may win: measured (default), cpu, replayed or imported; others than "
               "measured are marked in the header"},
              {"l2", "cold|warm", "winners of cold (default) or warm L2"},
              {"namespace", "NAME", "of the public functions (default: tuned)"},
              {"defaults", "", "without a winner, write a header of the default configurations"},
              {"spec", "FILE", "the op.toml of an op of your own"},
          },
      .positional = "",
      .examples = {"tune emit --op gemm --out tuned",
                   "tune emit --op gemm --out tuned --db ours.db "
                   "--device H200 --namespace my::kernels"},
  };
}

std::vector<std::string> models_of(const std::vector<Winner>& winners) {
  std::set<std::string> models;
  for (const Winner& winner : winners) models.insert(winner.trial.context.device_model);
  return {models.begin(), models.end()};
}

Filter filter_of(const Arguments& arguments, const std::string& op) {
  static const std::vector<std::string> sources{"measured", "cpu", "replayed", "imported"};
  static const std::vector<std::string> states{"cold", "warm"};
  Filter filter;
  filter.op = op;
  filter.problem = arguments.text("problem");
  filter.device = arguments.text("device");
  filter.source = arguments.one_of("source", "measured", sources);
  filter.l2 = arguments.one_of("l2", "cold", states);
  return filter;
}

// What to say when no row of the wanted source wins: perhaps another has some.
std::string nothing_to_emit(const Store& store, Filter filter, const std::string& path) {
  std::string text = fmt::format("{} has no {} winner of {}", path, filter.source, filter.op);
  if (!filter.problem.empty()) text += fmt::format(" for '{}'", filter.problem);
  if (!filter.device.empty()) text += fmt::format(" on {}", filter.device);
  for (const Source other : {Source::measured, Source::replayed, Source::imported, Source::cpu}) {
    if (name_of(other) == filter.source) continue;
    Filter elsewhere = filter;
    elsewhere.source = name_of(other);
    const std::size_t count = store.winners(elsewhere).size();
    if (count > 0) {
      return text +
             fmt::format("; it has {} {}: add --source {}", count, name_of(other), name_of(other));
    }
  }
  return text + ": tune first, or add --defaults";
}

// What a header says of rows that were not measured here.
std::string note_on(const std::string& source) {
  if (source == "cpu") return "the times are of an emulation on a host, not of a GPU";
  if (source == "replayed") return "the times were replayed from a recording";
  return "the times were imported, not measured here";
}

void print_written(const std::string& folder, const std::string& op, const std::string& name_space,
                   const std::vector<Winner>& winners,
                   const std::map<std::string, std::string>& files) {
  for (const Winner& winner : winners) {
    fmt::print("{}: {} {} {}\n", winner.trial.context.problem, winner.trial.context.kernel,
               format_time(winner.trial.measurement.median_ns()), winner.trial.configuration);
  }
  for (const auto& [path, text] : files) {
    if (path.find('/') == std::string::npos) fmt::print("wrote {}/{}\n", folder, path);
  }
  fmt::print(
      "in a .cu file:  #include \"{0}.cuh\" and call {1}::{0}::launch(...)\n"
      "from plain C++: #include \"{0}.h\" and compile {0}.cu with nvcc; -I {2} in both cases\n",
      op, name_space, folder);
}

// Why a winner of an earlier version of the kernels cannot be emitted; empty if it can.
std::string outdated(const OpEntry& entry, const Winner& winner) {
  const Context& context = winner.trial.context;
  for (const KernelSpec& kernel : entry.kernels) {
    if (kernel.name != context.kernel) continue;
    try {
      configuration_from(kernel.knobs, winner.trial.configuration);
      return "";
    } catch (const Error& error) {
      return error.what();
    }
  }
  return fmt::format("there is no kernel {}", context.kernel);
}

// Leaves those out, with a notice.
void drop_outdated(const OpEntry& entry, std::vector<Winner>& winners) {
  std::erase_if(winners, [&](const Winner& winner) {
    const std::string why = outdated(entry, winner);
    if (why.empty()) return false;
    fmt::print(stderr,
               "tune: left out the winner of {}, from an earlier version of {} ({}): tune "
               "it again\n",
               winner.trial.context.problem, winner.trial.context.kernel, why);
    return true;
  });
}

}  // namespace

int emit_command(const Words& words) {
  const CommandSpec command = specification();
  const Arguments arguments = Arguments::parse(command, words);
  if (arguments.wants_help()) {
    fmt::print("{}", help_text(command));
    return exit_found;
  }
  const Catalog catalog = catalog_of(arguments);
  const std::string op = asked_op(arguments, catalog).op.name;
  const std::string folder = arguments.text("out");
  if (folder.empty()) throw Error("no --out: name the folder for the files, as in --out tuned");
  const std::string path = arguments.text("db", default_database);
  const Filter filter = filter_of(arguments, op);
  EmitRequest request{.catalog = &catalog,
                      .op = op,
                      .winners = {},
                      .generator = version_text(),
                      .source_note = "",
                      .name_space = arguments.text("namespace", "tuned")};
  std::string nothing = fmt::format("{} is not there: tune first, or add --defaults", path);
  if (std::filesystem::exists(path)) {
    const Store store = Store::open(path, Store::Mode::read_only);
    request.winners = store.winners(filter);
    if (request.winners.empty()) {
      nothing = nothing_to_emit(store, filter, path);
    } else {
      drop_outdated(catalog.at(op), request.winners);
      nothing = fmt::format("{} has only winners of earlier versions: tune again", path);
    }
  }
  const std::vector<std::string> models = models_of(request.winners);
  if (models.size() > 1) {
    throw Error(fmt::format("{} has winners of several devices: add --device with one of {}", path,
                            fmt::join(models, ", ")));
  }
  if (request.winners.empty() && !arguments.has("defaults")) {
    fmt::print(stderr, "tune: {}\n", nothing);
    return exit_nothing;
  }
  if (filter.source != "measured" && !request.winners.empty()) {
    request.source_note = note_on(filter.source);
  }
  const std::map<std::string, std::string> files = emit(request);
  write_files(folder, files);
  print_written(folder, op, request.name_space, request.winners, files);
  return exit_found;
}

}  // namespace tw
