#include "commands/tune/next_step.h"

#include <fmt/format.h>

#include <vector>

#include "core/text/shell_word.h"
#include "options/filter_options.h"
#include "options/options.h"
#include "session/setup/device_text.h"

namespace tw {

std::string headline_of(const std::string& problem, const OpenDevice& opened,
                        const std::string& remark) {
  std::vector<std::string> paths;
  for (const Recording* one : opened.recordings) paths.push_back(one->path);
  return fmt::format("{} on {}{}", problem, describe(opened.device->info(), paths),
                     remark.empty() ? "" : fmt::format(" ({})", remark));
}

std::string emit_command_line(const EmitStep& step) {
  const bool needs_spec = step.is_from_source && step.spec.empty();
  std::string text = needs_spec ? "add --save-spec FOLDER, then tune emit --spec FOLDER/op.toml"
                     : step.spec.empty() ? "tune emit --op " + step.op
                                         : "tune emit --spec " + shell_word(step.spec);
  if (step.kernels > 0) text += fmt::format(" --kernels {}", step.kernels);
  text += " --out tuned";
  if (step.database != default_database) text += " --db " + shell_word(step.database);
  if (!step.device_model.empty()) text += " --device " + shell_word(step.device_model);
  if (step.source != Source::measured) text += fmt::format(" --source {}", name_of(step.source));
  if (step.l2 != L2::cold) text += fmt::format(" --l2 {}", name_of(step.l2));
  if (step.objective != Objective::time) text += " " + objective_words(step.objective);
  return text;
}

}  // namespace tw
