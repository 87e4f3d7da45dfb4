// tune ops: lists what can be tuned, and with which knobs.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "commands/commands.h"
#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "core/space/space.h"
#include "options/options.h"
#include "options/problem_options.h"
#include "ui/format.h"
#include "ui/json_text.h"
#include "ui/output.h"
#include "ui/table.h"

namespace tw {
namespace {

using nlohmann::ordered_json;

std::vector<std::string> values_of(const Knob& knob) {
  std::vector<std::string> values;
  for (const std::int64_t value : knob.values) values.push_back(knob.text(value));
  return values;
}

// The size of a kernel's space; no number if it cannot be counted. `reason` says why it cannot be
// counted or why the space is empty.
struct SpaceSize {
  std::optional<std::int64_t> valid;
  std::string reason;
};
SpaceSize size_of(const OpSpec& op, const KernelSpec& kernel, const Problem& problem,
                  const DeviceInfo& device) {
  const auto found =
      SearchSpace::try_enumerate(kernel, slots_of(op, kernel.names, problem, device));
  if (const auto* space = std::get_if<SearchSpace>(&found)) {
    return {static_cast<std::int64_t>(space->size()), ""};
  }
  const NoSpace& none = std::get<NoSpace>(found);
  if (none.is_empty) return {0, none.reason};
  return {std::nullopt, none.reason};
}

std::string text_of(const SpaceSize& size, const std::string& problem, int cc) {
  if (!size.valid) return fmt::format("not counted for {}: {}\n", problem, size.reason);
  if (*size.valid == 0) return fmt::format("none for {}: {}\n", problem, size.reason);
  return fmt::format("{} valid configurations for {} on cc {}.{}\n", format_count(*size.valid),
                     problem, cc / 10, cc % 10);
}

ordered_json kernel_json(const KernelSpec& kernel) {
  ordered_json object{{"name", kernel.name},
                      {"doc", kernel.doc},
                      {"source", kernel.source},
                      {"source_digest", kernel.source_digest},
                      {"needs", kernel.needs.expr.text()},
                      {"knobs", ordered_json::array()},
                      {"require", ordered_json::object()},
                      {"prefer", ordered_json::object()}};
  for (const Knob& knob : kernel.knobs) {
    object["knobs"].push_back(
        {{"name", knob.name}, {"doc", knob.doc}, {"values", values_of(knob)}});
  }
  for (const Constraint& one : kernel.require) object["require"][one.reason] = one.expr.text();
  for (const Constraint& one : kernel.prefer) object["prefer"][one.reason] = one.expr.text();
  return object;
}

ordered_json tensor_json(const OpSpec& op, const TensorSpec& tensor) {
  ordered_json dtypes;  // by the problem's dtype
  for (const DType dtype : op.dtypes) {
    dtypes[std::string(name_of(dtype))] = name_of(dtype_of(tensor, dtype));
  }
  return {{"name", tensor.name},
          {"doc", tensor.doc},
          {"role", name_of(tensor.role)},
          {"dtypes", std::move(dtypes)}};
}

ordered_json op_json(const OpEntry& entry) {
  const OpSpec& op = entry.op;
  ordered_json object{{"name", op.name},
                      {"doc", op.doc},
                      {"example", op.example},
                      {"dtypes", ordered_json::array()},
                      {"maths", op.maths},
                      {"dims", ordered_json::array()},
                      {"choices", ordered_json::array()},
                      {"scalars", ordered_json::array()},
                      {"tensors", ordered_json::array()},
                      {"epilogue", op.epilogue_steps},
                      {"reductions", op.epilogue_reductions},
                      {"kernels", ordered_json::array()}};
  for (const DType dtype : op.dtypes) object["dtypes"].push_back(name_of(dtype));
  for (const DimSpec& dim : op.dims) {
    object["dims"].push_back(
        {{"name", dim.name},
         {"doc", dim.doc},
         {"default", dim.fallback ? ordered_json(dim.fallback->text()) : ordered_json()}});
  }
  for (const ChoiceSpec& choice : op.choices) {
    object["choices"].push_back(
        {{"name", choice.name}, {"doc", choice.doc}, {"values", choice.values}});
  }
  for (const ScalarSpec& scalar : op.scalars) {
    object["scalars"].push_back(
        {{"name", scalar.name}, {"doc", scalar.doc}, {"default", scalar.fallback}});
  }
  for (const TensorSpec& tensor : op.tensors) object["tensors"].push_back(tensor_json(op, tensor));
  for (const KernelSpec& kernel : entry.kernels) object["kernels"].push_back(kernel_json(kernel));
  return object;
}

std::string epilogue_text(const std::string& step) {
  for (const EpilogueWord& word : epilogue_words()) {
    if (word.name != step) continue;
    if (word.parameters.empty()) return step;
    return fmt::format("{}({})", step, fmt::join(word.parameters, ", "));
  }
  return step;
}

std::string op_text(const OpSpec& op) {
  Table table({{"name"}, {"value"}, {"what it is"}});
  for (const DimSpec& dim : op.dims) {
    table.add({dim.name,
               dim.fallback ? fmt::format("default {}", dim.fallback->text()) : "required",
               dim.doc});
  }
  for (const ChoiceSpec& choice : op.choices) {
    table.add({choice.name, fmt::to_string(fmt::join(choice.values, ", ")), choice.doc});
  }
  for (const ScalarSpec& scalar : op.scalars) {
    table.add({scalar.name, fmt::format("default {}", scalar.fallback), scalar.doc});
  }
  std::vector<std::string> dtypes, steps;
  for (const DType dtype : op.dtypes) {
    const std::vector<std::string>& maths = op.maths.at(std::string(name_of(dtype)));
    dtypes.push_back(maths.size() == 1
                         ? maths.front()
                         : fmt::format("{} (--math {})", name_of(dtype), fmt::join(maths, "|")));
  }
  for (const std::string& step : op.epilogue_steps) steps.push_back(epilogue_text(step));
  std::string epilogue = steps.empty() ? "none" : fmt::to_string(fmt::join(steps, ", "));
  if (!op.epilogue_reductions.empty()) {
    epilogue += fmt::format("; last {}", fmt::join(op.epilogue_reductions, " or "));
  }
  return fmt::format("{}: {}\n\ndtypes    {}\nepilogue  {}\nexample   {}\n\n{}", op.name, op.doc,
                     fmt::join(dtypes, ", "), epilogue, op.example, table.text());
}

std::string kernel_text(const KernelSpec& kernel) {
  std::string text =
      fmt::format("\nkernel {}: {}\n  source {}", kernel.name, kernel.doc, kernel.source);
  if (!kernel.needs.expr.text().empty())
    text += fmt::format(", needs {}", kernel.needs.expr.text());
  Table table({{"knob"}, {"values (default first)"}, {"what it is"}});
  for (const Knob& knob : kernel.knobs) {
    table.add({knob.name, fmt::to_string(fmt::join(values_of(knob), ", ")), knob.doc});
  }
  return text + "\n" + table.text();
}

int list_ops(const Catalog& catalog, bool json) {
  if (json) {
    ordered_json list = ordered_json::array();
    for (const OpEntry& entry : catalog.ops()) list.push_back(op_json(entry));
    fmt::print("{}\n", json_text({{"ops", list}}));
    return exit_found;
  }
  Table table({{"op"}, {"kernels"}, {"dtypes"}, {"what it computes"}});
  for (const OpEntry& entry : catalog.ops()) {
    std::vector<std::string> kernels, dtypes;
    for (const KernelSpec& kernel : entry.kernels) kernels.push_back(kernel.name);
    for (const DType dtype : entry.op.dtypes) dtypes.emplace_back(name_of(dtype));
    table.add({entry.op.name, fmt::to_string(fmt::join(kernels, ", ")),
               fmt::to_string(fmt::join(dtypes, ", ")), entry.op.doc});
  }
  show(table.text());
  return exit_found;
}

int describe_op(const OpEntry& entry, const Arguments& arguments, const Catalog& catalog) {
  const bool sized = arguments.has("shape");
  const bool json = arguments.has("json");
  const auto cc = static_cast<int>(arguments.integer("cc", 90, 1, 1000));
  ordered_json object = json ? op_json(entry) : ordered_json();
  std::string text = op_text(entry.op);
  const std::vector<Asked> asked =
      sized ? asked_problems(arguments.with("op", entry.op.name), catalog) : std::vector<Asked>{};
  if (sized) object["spaces"] = object["reasons"] = ordered_json::object();
  for (const KernelSpec* kernel : asked_kernels(asked_kernel(arguments), entry)) {
    text += kernel_text(*kernel);
    if (!sized) continue;
    const SpaceSize size = size_of(entry.op, *kernel, asked.front().problem, emulated_device(cc));
    object["spaces"][kernel->name] = known(size.valid.has_value(), size.valid.value_or(0));
    if (!size.reason.empty()) object["reasons"][kernel->name] = size.reason;
    text += text_of(size, asked.front().problem.key(entry.op), cc);
  }
  if (json) {
    fmt::print("{}\n", json_text(object));
  } else {
    show(text + "\n");
  }
  return exit_found;
}

}  // namespace

CommandSpec ops_specification() {
  CommandSpec command{
      .name = "ops",
      .summary =
          "Lists the ops, or the dims, choices, epilogue steps, kernels and knobs of one op.",
      .usage = "tune ops [OP] [--shape SHAPE] [options]",
      .flags = {},
      .positional =
          "OP is the op to describe in full. --shape adds the sizes of its search spaces.",
      .examples = {"tune ops", "tune ops gemm", "tune ops gemm --shape 4096x4096x4096 --cc 80"},
  };
  for (const Flag& flag : problem_flags()) {
    if (flag.name != "shapes" && flag.name != "op") command.flags.push_back(flag);
  }
  command.flags.push_back(
      {"cc", "CC", "compute capability for the sizes: 80, 89, 90 or 120 (default 90)"});
  command.flags.push_back({"json", "", "print JSON instead"});
  return command;
}

int ops_command(const Arguments& arguments) {
  const Catalog catalog = catalog_of(arguments);
  if (!arguments.positional().empty()) {
    return describe_op(catalog.at(arguments.positional()), arguments, catalog);
  }
  if (catalog.foreign()) return describe_op(catalog.ops().front(), arguments, catalog);
  if (arguments.has("shape")) throw Error("--shape: name the op, as in tune ops OP --shape SHAPE");
  return list_ops(catalog, arguments.has("json"));
}

}  // namespace tw
