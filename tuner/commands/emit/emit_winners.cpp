#include "commands/emit/emit_winners.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <filesystem>
#include <set>
#include <variant>

#include "core/base/error.h"
#include "core/space/space.h"
#include "options/filter_options.h"
#include "ui/output.h"

namespace tw {
namespace {

// Returns the message for the case that no row of the wanted source wins. It names another source
// that has winners.
std::string nothing_to_emit(const Store& store, Filter filter, const std::string& path) {
  std::string text = fmt::format("{} has no {} winner of {}", path, filter.source, filter.op);
  if (!filter.problem.empty()) text += fmt::format(" for '{}'", filter.problem);
  if (!filter.device.empty()) text += fmt::format(" on {}", filter.device);
  if (filter.objective != Objective::time) {
    return text + fmt::format(" by {}: tune with {} first, or leave the option out",
                              name_of(filter.objective), objective_words(filter.objective));
  }
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
  return text + ": tune first";
}

// Returns why a winner of an earlier version of the kernels cannot be emitted; empty if it can.
std::string outdated(const OpEntry& entry, const Winner& winner) {
  const Context& context = winner.trial.context;
  for (const KernelSpec& kernel : entry.kernels) {
    if (kernel.name != context.code.kernel) continue;
    const auto read = read_configuration(kernel.knobs, winner.trial.configuration);
    const auto* refusal = std::get_if<Refusal>(&read);
    return refusal ? refusal->reason : "";
  }
  return fmt::format("there is no kernel {}", context.code.kernel);
}

// Removes outdated winners, with a notice.
void drop_outdated(const OpEntry& entry, std::vector<Winner>& winners) {
  std::erase_if(winners, [&](const Winner& winner) {
    const std::string why = outdated(entry, winner);
    if (why.empty()) return false;
    say(fmt::format(
        "tune: left out the winner of {}, from an earlier version of {} ({}): tune it again",
        winner.trial.context.situation.problem, winner.trial.context.code.kernel, why));
    return true;
  });
}

}  // namespace

std::vector<std::string> models_of(const std::vector<Winner>& winners) {
  std::set<std::string> models;
  for (const Winner& winner : winners) models.insert(winner.trial.context.situation.device_model);
  return {models.begin(), models.end()};
}

Filter emit_filter(const Arguments& arguments, const std::string& op) {
  Filter filter;
  filter.op = op;
  filter.problem = arguments.text("problem");
  filter.device = arguments.text("device");
  filter.source = arguments.one_of("source", "measured", source_names());
  filter.l2 = arguments.one_of("l2", "cold", l2_states());
  filter.objective = objective_of(arguments);
  return filter;
}

std::vector<Winner> emit_winners(const std::string& path, const Filter& filter,
                                 const OpEntry& entry, std::string& nothing) {
  nothing = fmt::format("{} is not there: tune first", path);
  if (!std::filesystem::exists(path)) return {};
  const Store store = Store::open(path, Store::Mode::read_only);
  std::vector<Winner> winners = store.winners(filter);
  if (winners.empty()) {
    nothing = nothing_to_emit(store, filter, path);
    return {};
  }
  drop_outdated(entry, winners);
  nothing = fmt::format("{} has only winners of earlier versions: tune again", path);
  return winners;
}

void check_one_device(const std::string& path, const std::vector<Winner>& winners) {
  const std::vector<std::string> models = models_of(winners);
  if (models.size() <= 1) return;
  throw Error(fmt::format("{} has winners of several devices: add --device with one of {}", path,
                          fmt::join(models, ", ")));
}

}  // namespace tw
