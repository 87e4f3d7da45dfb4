// tune emit: the winners of a database as a C++ dispatch header.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstdio>

#include "check/check_evidence.h"
#include "check/emit_check.h"
#include "commands/commands.h"
#include "commands/emit/emit_portfolio.h"
#include "commands/emit/emit_winners.h"
#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "core/text/nearest.h"
#include "devices/registry/registry.h"
#include "emit/cubin.h"
#include "emit/emit.h"
#include "emit/header/text.h"
#include "emit/winner_files.h"
#include "options/filter_options.h"
#include "options/options.h"
#include "options/problem_options.h"
#include "session/setup/device_choice.h"
#include "ui/format.h"
#include "ui/interrupt.h"
#include "ui/output.h"
#include "ui/version.h"

namespace tw {
namespace {

// Returns a header's remark on rows that were not measured here.
std::string note_on(const std::string& source) {
  if (source == "cpu") return "the times are of an emulation on a host, not of a GPU";
  if (source == "replayed") return "the times were replayed from a recording";
  return "the times were imported, not measured here";
}

void print_written(const std::string& folder, const std::string& op, const EmitRequest& request,
                   const std::map<std::string, std::string>& files) {
  for (const Winner& winner : request.winners) {
    const Measurement& measurement = winner.trial.measurement;
    std::string cost = format_time(measurement.median_ns());
    if (request.objective != Objective::time) cost += " " + format_energy(measurement.energy_mj);
    show(fmt::format("{}: {} {} {}\n", winner.trial.context.situation.problem,
                     winner.trial.context.code.kernel, cost, winner.trial.configuration));
  }
  if (!request.checked_on.empty()) {
    int shapes = 0;
    for (const auto& [subject, count] : request.checked) shapes += count;
    fmt::print("checked on {}: {} configurations, {} shapes in all\n", request.checked_on,
               request.checked.size(), shapes);
  }
  for (const auto& [path, text] : files) {
    if (path.find('/') == std::string::npos) fmt::print("wrote {}/{}\n", folder, path);
  }
  fmt::print(
      "in a .cu file:  #include \"{0}.cuh\" and call {1}::{3}::launch(...)\n"
      "from plain C++: #include \"{4}.h\" and compile {0}.cu{5} with nvcc; -I {2} in both cases\n",
      op, request.name_space, folder, namespace_name(op), header_name(op),
      request.split ? fmt::format(" and each {}.*.cu", op) : "");
}

// Returns the device of the check, as DeviceChooser takes it. If it is empty, there is no check,
// and `notice` says why.
std::string check_device(const Arguments& arguments, const std::string& source, bool foreign,
                         std::string& notice) {
  const std::string asked = arguments.text("check", "auto");
  const bool trusted = !foreign || arguments.has("trust-code");
  if (asked == "off") return "";
  if (asked == "auto") {
    if (source != "cpu" && has_gpu()) return "cuda:0";
    if (source == "cpu" && trusted) return "cpu";
    notice = source == "cpu" ? "add --check cpu --trust-code if you trust the code of the --spec"
                             : "there is no GPU here: emit where there is one, or add --check cpu";
    return "";
  }
  const bool cpu = asked == "cpu" || asked.starts_with("cpu:");
  if (!cpu && !asked.starts_with("cuda")) {
    const std::vector<std::string> known{"auto", "cuda:N", "cpu", "off"};
    throw Error(fmt::format("--check {}: {}", asked, one_of(asked, known)));
  }
  if (cpu && !trusted) {
    throw Error(
        fmt::format("--check {} would run the code of the --spec on this host: add "
                    "--trust-code if you trust it",
                    asked));
  }
  return asked;
}

// Returns why a device cannot stand in for the device of the winners; empty if it can.
std::string foreign_to(const EmitRequest& request, const DeviceInfo& device) {
  if (request.winners.empty() || device.kind == DeviceKind::cpu) return "";
  const std::string& model = request.winners.front().trial.context.situation.device_model;
  if (device.model == model) return "";
  return fmt::format(
      "the winners are of {}, and this is {}: emit where there is such a GPU, or add "
      "--check cpu",
      model, device.model);
}

void print_left_out(const std::vector<LeftOut>& all) {
  for (const LeftOut& one : all) {
    // The subject of a default already names the default.
    const std::string what = one.is_default ? "default of " + one.subject
                                            : fmt::format("winner of {}: {} {}", one.subject,
                                                          one.kernel, one.configuration);
    say(fmt::format("tune: left out the {}, which fails on {} ({})", what, one.problem, one.why));
  }
}

struct Checked {
  std::vector<LeftOut> left_out;
  std::string notice;  // why nothing was checked
};

Checked check(const Arguments& arguments, const Filter& filter, const std::string& command,
              EmitRequest& request) {
  Checked checked;
  CheckOptions options{
      .shapes = static_cast<std::size_t>(arguments.integer("check-shapes", 8, 1, 1000)), .seed = 1};
  const bool foreign = request.catalog->foreign();
  const std::string name = check_device(arguments, filter.source, foreign, checked.notice);
  if (name.empty()) return checked;
  DeviceChooser chooser(arguments.with("device", name), foreign);
  Device* device = nullptr;
  try {
    device = chooser.open("", "", "").device;
    const std::string why = foreign_to(request, device->info());
    if (!why.empty()) throw Error(why);
  } catch (const Error& error) {
    if (arguments.has("check") && arguments.text("check") != "auto") throw;
    checked.notice = error.what();
    return checked;
  }
  Progress progress = Progress::on_stderr(Progress::Detail::line);
  install_interrupt_handlers();
  CheckEvidence evidence(arguments.text("db", default_database), *request.catalog, device->info(),
                         parse_l2(filter.l2).value(), command);
  options.failed = [&](const EmitSample& sample, const Measurement& measurement) {
    evidence.add(sample, measurement);
  };
  checked.left_out = check_before_emit(request, *device, options, progress, interrupted);
  if (interrupted()) throw Error("interrupted: nothing was written");
  if (!evidence.notice().empty()) {
    say(fmt::format("tune: the failures are not stored in the database: {}", evidence.notice()));
  }
  return checked;
}

// Writes the winners in another form than a header. These are not checked on other shapes than the
// tuned ones.
int write_winners(const std::string& format, const std::string& folder,
                  const EmitRequest& request) {
  const auto files = format == "json" ? emit_json(request) : emit_defines(request);
  check_folder(folder, files);
  write_files(folder, files);
  for (const auto& [path, text] : files) fmt::print("wrote {}/{}\n", folder, path);
  return exit_found;
}

// Returns the request with the winners of each device alone.
std::vector<EmitRequest> by_device(const EmitRequest& request) {
  std::vector<EmitRequest> requests;
  for (const std::string& model : models_of(request.winners)) {
    EmitRequest& one = requests.emplace_back(request);
    std::erase_if(one.winners, [&](const Winner& winner) {
      return winner.trial.context.situation.device_model != model;
    });
  }
  return requests;
}

// Compiles the winners of every device. Nothing is checked on other shapes.
int write_cubins(const std::string& database, const std::string& folder, const std::string& source,
                 const std::string& op, const EmitRequest& request) {
  if (source == "cpu" || request.winners.empty()) {
    throw Error(fmt::format(
        "--format cubin compiles winners for their GPUs, and {}: tune on a GPU (--device cuda), or "
        "use --format header",
        source == "cpu" ? "--source cpu has those of the cpu device" : "there is none"));
  }
  std::vector<EmitRequest> requests = by_device(request);
  if (request.slowdowns.empty()) {
    const Store store = Store::open(database, Store::Mode::read_only);
    for (EmitRequest& one : requests) add_slowdowns(store, one);
  }
  const auto files = emit_cubin(requests, compile_for_gpus);
  check_folder(folder, files);
  write_files(folder, files);
  for (const auto& [path, text] : files) {
    if (path.find('/') == std::string::npos) fmt::print("wrote {}/{}\n", folder, path);
  }
  fmt::print(
      "#include \"{0}.h\", call {1}::{2}::launch(...), compile {3}.cpp with any C++17 "
      "compiler, and link -lcuda\n",
      header_name(op), request.name_space, namespace_name(op), op);
  return exit_found;
}

// Prints the names of the files that would be written, without the folder of copies.
int print_names(const EmitRequest& request) {
  for (const auto& [path, text] : emit(request)) {
    if (path.find('/') == std::string::npos) fmt::print("{}\n", path);
  }
  return exit_found;
}

// Checks the winners, and writes the header.
int write_header(const Arguments& arguments, const Filter& filter, const std::string& folder,
                 EmitRequest& request) {
  check_kernels(request);
  if (arguments.has("dry-run")) return print_names(request);
  const Checked checked = check(
      arguments, filter, fmt::format("tune emit {}", fmt::join(arguments.words(), " ")), request);
  print_left_out(checked.left_out);
  if (const std::string why = nothing_held(request); !why.empty()) {
    if (checked.left_out.empty()) throw Error(why);
    say(fmt::format("tune: nothing was written: {}", why));
    return exit_nothing;
  }
  const std::map<std::string, std::string> files = emit(request);
  check_folder(folder, files);
  write_files(folder, files);
  remove_earlier_parts(folder, request.op, files);
  print_written(folder, request.op, request, files);
  if (!checked.notice.empty()) say(fmt::format("tune: not checked: {}", checked.notice));
  return checked.left_out.empty() ? exit_found : exit_nothing;
}

// Returns the value of --format. Throws Error if it cannot be with the other options.
std::string format_of(const Arguments& arguments) {
  static const std::string formats[] = {"header", "cubin", "defines", "json"};
  std::string format = arguments.one_of("format", "header", formats);
  const bool checks = arguments.has("check") && arguments.text("check") != "off" &&
                      arguments.text("check") != "auto";
  if (checks && format != "header") {
    throw Error(
        fmt::format("--check {}: only --format header is checked on other shapes: remove "
                    "--check, or --format {}",
                    arguments.text("check"), format));
  }
  if (asks_portfolio(arguments) && (format == "defines" || format == "json")) {
    throw Error(
        fmt::format("--kernels, --max-regret and --max-bytes are for headers and cubins, and "
                    "--format {} lists every winner: remove one of them",
                    format));
  }
  for (const char* flag : {"split", "dry-run"}) {
    if (!arguments.has(flag) || format == "header") continue;
    throw Error(
        fmt::format("--{}: it is for --format header: remove it, or --format {}", flag, format));
  }
  return format;
}

}  // namespace

CommandSpec emit_specification() {
  CommandSpec command{
      .name = "emit",
      .summary =
          "Writes the winners of an op as a C++ dispatch header that needs only a CUDA toolkit.",
      .usage = "tune emit --op OP --out FOLDER [options]",
      .flags =
          {
              {"op", "OP", "the op whose winners are written"},
              {"out", "FOLDER", "the folder for the files; created if missing"},
              {"db", "FILE", "the database of trials (default: tilewright.db here)"},
              {"problem", "TEXT", "only problems whose name contains this"},
              {"device", "MODEL", "the GPU, if the database knows several"},
              {"source", "SOURCE",
               "the rows that may win: measured (default), cpu, replayed or imported; the header "
               "marks rows that were not measured"},
              {"l2", "cold|warm", "winners of cold (default) or warm L2"},
              objective_flag(
                  "what the winners have the least of: time (default), the energy of a launch, or "
                  "their product"),
              {"namespace", "NAME", "the namespace of the public functions (default: tuned)"},
              {"defaults", "",
               "also write the default configurations of all kernels, for all values of the op's "
               "choices such as layouts; without winners, write only these"},
              {"check", "auto|cuda:N|cpu|off",
               "the device that verifies each configuration before the header is written, on "
               "shapes for which the header would run it: auto (default) is the first GPU, or the "
               "cpu device with --source cpu"},
              {"check-shapes", "N",
               "the most shapes to verify for each winner and each default (default 8)"},
              {"format", "header|cubin|defines|json",
               "header (default); cubin: compiled by NVRTC for the GPUs of the winners, with a "
               "loader in plain C++; defines: a file of #define lines for the GPU, for kernels "
               "with macros; json: the winners, their knobs and launches"},
              {"split", "",
               "with --format header: write a .cu file for each kernel besides OP.cu, so that they "
               "compile in parallel"},
              {"dry-run", "",
               "with --format header: print the names of the files, and check and write nothing"},
              {"spec", "FILE", "the op.toml of your own op"},
              {"trust-code", "", "let --check cpu run the code of a --spec on this host"},
          },
      .positional = "",
      .examples = {"tune emit --op gemm --out tuned",
                   "tune emit --op gemm --out tuned --db ours.db --namespace my::kernels",
                   "tune emit --op gemm --out tuned --check cuda:0 --check-shapes 32",
                   "tune emit --op gemm --out tuned --kernels 8",
                   "tune emit --op gemm --out tuned --max-bytes 1MB --split",
                   "tune emit --spec op.toml --out tuned --format cubin",
                   "tune emit --spec op.toml --out tuned --format defines"},
  };
  const std::vector<Flag> portfolio = portfolio_flags();
  command.flags.insert(command.flags.end(), portfolio.begin(), portfolio.end());
  return command;
}

int emit_command(const Arguments& arguments) {
  const Catalog catalog = catalog_of(arguments);
  const std::string op = asked_op(arguments, catalog).op.name;
  const std::string folder = arguments.text("out");
  if (folder.empty()) throw Error("no --out: name the folder for the files, as in --out tuned");
  const std::string format = format_of(arguments);
  const Filter filter = emit_filter(arguments, op);
  std::string nothing;
  EmitRequest request{.catalog = &catalog,
                      .op = op,
                      .winners = emit_winners(arguments.text("db", default_database), filter,
                                              catalog.at(op), nothing),
                      .generator = version_text(),
                      .source_note = "",
                      .name_space = arguments.text("namespace", "tuned"),
                      .defaults = arguments.has("defaults"),
                      .split = arguments.has("split"),
                      .objective = filter.objective};
  if (request.winners.empty() && !arguments.has("defaults")) {
    say(fmt::format("tune: {}, or add --defaults", nothing));
    return exit_nothing;
  }
  if (request.winners.empty() && arguments.has("max-bytes")) {
    throw Error(
        fmt::format("--max-bytes chooses among winners: {}, or leave --max-bytes out", nothing));
  }
  if (filter.source != "measured" && !request.winners.empty()) {
    request.source_note = note_on(filter.source);
  }
  const std::string database = arguments.text("db", default_database);
  if (format == "cubin" && !asks_portfolio(arguments)) {
    return write_cubins(database, folder, filter.source, op, request);
  }
  check_one_device(database, request.winners);
  if (!request.winners.empty()) {
    add_slowdowns(Store::open(database, Store::Mode::read_only), request);
  }
  if (asks_portfolio(arguments) && !request.winners.empty()) {
    say(fmt::format("tune: {}", take_portfolio(arguments, database, compile_for_gpus, request)));
  }
  if (format == "cubin") return write_cubins(database, folder, filter.source, op, request);
  if (format != "header") return write_winners(format, folder, request);
  return write_header(arguments, filter, folder, request);
}

}  // namespace tw
