// Reads a kernel's TOML, and checks it against the source that it describes.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "core/base/digest.h"
#include "core/base/error.h"
#include "core/base/texts.h"
#include "core/spec/kernel_name.h"
#include "core/spec/spec_reader.h"
#include "core/text/nearest.h"

namespace tw {
namespace {

bool fits(const Field& field, const Knob& knob) {
  const bool named = field.type.find(pascal_case(knob.name)) != std::string::npos;
  switch (knob.kind) {
    case Knob::Kind::boolean:
      return field.type == "bool";
    case Knob::Kind::word:
      return named;
    case Knob::Kind::integer:
      return field.type != "bool" && !named;
  }
  return false;
}

std::string_view type_for(Knob::Kind kind) {
  return kind == Knob::Kind::boolean ? "bool" : kind == Knob::Kind::integer ? "int" : "an enum";
}

// The values of the knobs initialise the struct by position, so names, order and types must agree.
void check_fields(const TomlTable& root, const KernelSpec& kernel, const std::string& text) {
  const auto fields = knobs_fields(text);
  if (!fields) {
    root.table("kernel").fail(root.table("kernel").at("source"),
                              fmt::format("{} has no `struct Knobs {{ ... }};`: add it, or use "
                                          "knobs = \"macros\"",
                                          kernel.source));
  }
  std::vector<std::string> names;
  for (const Field& field : *fields) names.push_back(field.name);
  const std::vector<TomlTable> tables = root.tables("knob");
  for (std::size_t i = 0; i < kernel.knobs.size(); ++i) {
    const Knob& knob = kernel.knobs[i];
    const TomlTable table = tables[i].named(fmt::format("knob '{}'", knob.name));
    const TomlNode& node = table.at("name");
    for (const std::string& word : knob.words) {
      if (is_identifier(word)) continue;
      table.fail(table.at("values"), fmt::format("value '{}' is not an identifier", word));
    }
    if (knob.below != 1) {
      table.fail(table.at("values"), "decimals are for kernels with knobs = \"macros\"");
    }
    if (std::find(names.begin(), names.end(), knob.name) == names.end()) {
      table.fail(node, fmt::format("struct Knobs in {} has no such field{}", kernel.source,
                                   suggestion(knob.name, names)));
    }
    const Field& field = (*fields)[i < fields->size() ? i : 0];
    if (field.name != knob.name) {
      table.fail(node, fmt::format("field {} of struct Knobs in {} is '{}': put the [[knob]]s in "
                                   "the order of the fields",
                                   i + 1, kernel.source, field.name));
    }
    if (!fits(field, knob)) {
      table.fail(node, fmt::format("its field in {} has the type {}: use {}{}", kernel.source,
                                   field.type, type_for(knob.kind),
                                   knob.kind == Knob::Kind::word
                                       ? fmt::format(" {} with its values", pascal_case(knob.name))
                                       : ""));
    }
  }
  if (fields->size() > kernel.knobs.size()) {
    root.fail(fmt::format("struct Knobs in {} has the field '{}', which has no [[knob]]: add one",
                          kernel.source, names[kernel.knobs.size()]));
  }
}

void read_needs(const Scope& scope, const TomlTable& head, KernelSpec& kernel) {
  kernel.needs.expr = read_expr(scope, head, "needs", "true");
  kernel.needs.reason = kernel.needs.expr.text();
  for (const int slot : kernel.needs.expr.reads()) {
    if (slot < kernel.first_knob) continue;
    head.fail(head.at("needs"), fmt::format("'needs' reads the knob '{}': move it to [require]",
                                            scope.names.name(slot)));
  }
}

// A kernel without `reduces = true` serves no chain that ends in a reduction. Its digests do not
// include this added constraint.
void exclude_reductions(const Scope& scope, const TomlTable& head, const OpSpec& op,
                        KernelSpec& kernel) {
  kernel.reduces = head.boolean("reduces", false);
  if (kernel.reduces && op.epilogue_reductions.empty()) {
    head.fail(head.at("reduces"), fmt::format("op {} has no reductions: remove 'reduces', or add "
                                              "them to its [epilogue]",
                                              op.name));
  }
  if (kernel.reduces || op.epilogue_reductions.empty()) return;
  TomlNode both = head.at("source");
  both.key = "needs";
  both.string = fmt::format("!reduced && ({})", kernel.needs.expr.text());
  kernel.needs.expr = scope.parse(head, both);
  kernel.needs.reason = kernel.needs.expr.text();
}

void read_workspaces(Scope& scope, const TomlTable& root, KernelSpec& kernel) {
  using Init = WorkspaceSpec::Init;
  for (const TomlTable& table : root.tables("workspace")) {
    table.allow({"name", "bytes", "init"});
    WorkspaceSpec workspace;
    workspace.name = table.text("name");
    workspace.bytes = read_expr(scope, table, "bytes");
    const std::string init = table.text("init", "none");
    if (init != "none" && init != "zero_once" && init != "zero_each") {
      table.fail(table.at("init"), fmt::format("init '{}' is unknown: use none, zero_once or "
                                               "zero_each",
                                               init));
    }
    workspace.init = init == "none"        ? Init::none
                     : init == "zero_once" ? Init::zero_once
                                           : Init::zero_each;
    scope.declare(table, table.at("name"), workspace.name, Scope::Kind::workspace);
    kernel.workspaces.push_back(std::move(workspace));
  }
}

void read_constants(const TomlTable& root, const OpSpec& op, const Texts& closure,
                    KernelSpec& kernel) {
  for (const TomlTable& table : root.tables("constant")) {
    table.allow({"symbol", "tensor"});
    ConstantSpec constant{table.text("symbol"), table.text("tensor")};
    if (!is_qualified_name(constant.symbol)) {
      table.fail(table.at("symbol"), fmt::format("'{}' is not a name, such as taps or "
                                                 "filters::taps",
                                                 constant.symbol));
    }
    check_entry(table, "symbol", constant.symbol, closure);
    const auto tensor = std::find_if(op.tensors.begin(), op.tensors.end(),
                                     [&](const auto& one) { return one.name == constant.tensor; });
    if (tensor == op.tensors.end()) {
      table.fail(table.at("tensor"), fmt::format("'{}' is no [[tensor]]", constant.tensor));
    }
    if (tensor->role != Role::in) {
      table.fail(
          table.at("tensor"),
          fmt::format("'{}' is an output: only inputs are copied to a symbol", constant.tensor));
    }
    kernel.constants.push_back(std::move(constant));
  }
}

void read_launches(const Scope& scope, const TomlTable& root, const OpSpec& op,
                   const Texts& closure, KernelSpec& kernel) {
  for (const TomlTable& table : root.tables("launch")) {
    table.allow({"entry", "when", "grid", "block", "smem", "cluster", "args"});
    kernel.launches.push_back(read_launch(scope, table));
    const LaunchSpec& launch = kernel.launches.back();
    check_entry(table, "entry", launch.entry, closure);
    if (!kernel.knobs_are_macros) check_is_template(table, launch.entry);
    check_values(table, launch.entry, op, kernel);
    for (const std::string& name : launch.structs) {
      if (!kernel.knobs_are_macros || !name.ends_with(struct_arguments)) continue;
      table.fail(table.at("args"), fmt::format("struct '{}': a kernel with macros has no T and V: "
                                               "remove \"{}\"",
                                               name, struct_arguments));
    }
    for (const ArgSpec& arg : launch.args) {
      if (arg.kind == ArgSpec::Kind::tolerance) {
        table.fail(table.at("args"), "'tolerance' belongs to the reference: remove it");
      }
      if (arg.kind == ArgSpec::Kind::number && !kernel.knobs_are_macros) {
        table.fail(
            table.at("args"),
            fmt::format("{{{} = ...}} is for kernels with knobs = \"macros\", which no header "
                        "is emitted for: pass an int, an i64 or a [[scalar]]",
                        name_of(arg.dtype)));
      }
      if (arg.kind != ArgSpec::Kind::expected && arg.kind != ArgSpec::Kind::magnitude) continue;
      table.fail(table.at("args"), fmt::format("'{}_expected' and '{}_magnitude' belong to the "
                                               "reference: remove them",
                                               arg.name, arg.name));
    }
  }
  if (kernel.launches.empty()) root.fail("a kernel needs at least one [[launch]]: add it");
}

void read_model(const Scope& scope, const TomlTable& root, KernelSpec& kernel) {
  if (!root.find("model")) return;
  const TomlTable table = root.table("model");
  table.allow({"fma", "tensor", "instructions", "shared", "l2", "dram", "units", "rounds", "steps",
               "registers", "least"});
  kernel.model = ModelSpec{.fma = read_expr(scope, table, "fma", "0"),
                           .tensor = read_expr(scope, table, "tensor", "0"),
                           .instructions = read_expr(scope, table, "instructions", "0"),
                           .shared = read_expr(scope, table, "shared", "0"),
                           .l2 = read_expr(scope, table, "l2", "0"),
                           .dram = read_expr(scope, table, "dram", "0"),
                           .units = read_expr(scope, table, "units", "1"),
                           .rounds = read_expr(scope, table, "rounds", "0"),
                           .steps = read_expr(scope, table, "steps", "0"),
                           .registers = read_expr(scope, table, "registers", "0")};
  for (const std::string& count : table.texts("least")) {
    bool* const flag = count == "fma"      ? &kernel.model->least_fma
                       : count == "tensor" ? &kernel.model->least_tensor
                       : count == "shared" ? &kernel.model->least_shared
                                           : nullptr;
    if (!flag) {
      table.fail(table.at("least"),
                 fmt::format("'least' names '{}': it takes fma, tensor and shared", count));
    }
    *flag = true;
  }
}

// Returns the launches of the kernel as canonical text.
std::string launch_text(const KernelSpec& kernel) {
  std::string text;
  for (const WorkspaceSpec& workspace : kernel.workspaces) {
    text += fmt::format("workspace {} {} {}\n", workspace.name, static_cast<int>(workspace.init),
                        workspace.bytes.text());
  }
  for (const ConstantSpec& constant : kernel.constants) {
    text += fmt::format("constant {} {}\n", constant.symbol, constant.tensor);
  }
  for (const LaunchSpec& launch : kernel.launches) {
    text += fmt::format("launch {} when {} smem {}\n", launch.entry, launch.when.text(),
                        launch.smem_bytes.text());
    for (int i = 0; i < 3; ++i) {
      text += fmt::format("{} | {} | {}\n", launch.grid[i].text(), launch.block[i].text(),
                          launch.cluster[i].text());
    }
    for (const ArgSpec& arg : launch.args) {
      text += fmt::format("arg {} {}{}", static_cast<int>(arg.kind), arg.name, arg.value.text());
      if (arg.kind == ArgSpec::Kind::tensor_map) {
        text += fmt::format(" {} {}", arg.im2col ? "im2col" : "swizzle", arg.swizzle);
      }
      if (arg.kind == ArgSpec::Kind::number) {
        text += fmt::format(" {} {}", name_of(arg.dtype), arg.real.value_or(0));
      }
      for (const Expr& expr : arg.map) text += " | " + expr.text();
      if (arg.structure > 0) {
        text += fmt::format(" in {} {}", arg.structure,
                            launch.structs[static_cast<std::size_t>(arg.structure - 1)]);
      }
      text += "\n";
    }
  }
  return text;
}

}  // namespace

KernelSpec read_kernel(const TomlNode& node, const std::string& path, const std::string& name,
                       const OpSpec& op, SourceTree& sources) {
  const TomlTable root(node, path, "");
  root.allow(
      {"kernel", "knob", "let", "require", "prefer", "workspace", "constant", "launch", "model"});
  root.at("kernel");
  const TomlTable head = root.table("kernel");
  head.allow({"doc", "source", "needs", "knobs", "macros", "options", "reduces"});
  KernelSpec kernel;
  kernel.op = op.name;
  kernel.name = name;
  kernel.doc = head.text("doc", "");
  kernel.source = head.text("source");
  const std::string knobs = head.text("knobs", "type");
  if (knobs != "type" && knobs != "macros") {
    head.fail(head.at("knobs"),
              fmt::format("knobs = \"{}\" is unknown: use type or macros", knobs));
  }
  kernel.knobs_are_macros = knobs == "macros";
  read_options(head, sources, kernel);
  Texts closure;
  try {
    closure = sources.closure(kernel.source);
  } catch (const Error& fault) {
    head.fail(head.at("source"), fault.what());
  }
  Scope scope(op);
  kernel.first_knob = scope.names.size();
  kernel.knobs = read_knobs(scope, root);
  read_macros(head, op, kernel);
  if (kernel.knobs_are_macros) {
    check_macros(root, op, kernel);
  } else {
    check_fields(root, kernel, closure[kernel.source]);
  }
  scope.read_lets(root.table("let"));
  read_needs(scope, head, kernel);
  kernel.require = scope.read_constraints(root.table("require"));
  kernel.prefer = scope.read_constraints(root.table("prefer"));
  read_workspaces(scope, root, kernel);
  read_constants(root, op, closure, kernel);
  read_launches(scope, root, op, closure, kernel);
  check_declarations(root, kernel, closure);
  read_model(scope, root, kernel);

  std::string all;
  for (const auto& [file, text] : closure)
    all += fmt::format("{} {}\n{}\n", file, text.size(), text);
  for (const std::string& option : kernel.options) all += option + "\n";
  if (kernel.macros) all += fmt::format("macros {}\n", fmt::join(*kernel.macros, " "));
  kernel.source_digest = digest(all + space_text({}, scope.lets, {}) + launch_text(kernel));
  std::vector<Constraint> constraints = kernel.require;
  constraints.insert(constraints.end(), kernel.prefer.begin(), kernel.prefer.end());
  constraints.push_back(kernel.needs);
  kernel.space_digest = digest(space_text(kernel.knobs, scope.lets, constraints));
  exclude_reductions(scope, head, op, kernel);
  kernel.names = std::move(scope.names);
  return kernel;
}

}  // namespace tw
