#include "emit/tuning/forms.h"

#include <fmt/format.h>

#include <functional>
#include <map>
#include <set>

#include "emit/tuning/names.h"

namespace tw {
namespace {

std::vector<EpilogueField> fields_of(const OpSpec& op, const Epilogue& epilogue) {
  std::vector<EpilogueField> fields;
  const std::vector<std::string> names = field_names(op);
  std::set<std::string> taken(names.begin(), names.end());
  std::map<std::string_view, int> seen;
  const auto add = [&](std::string name, std::string doc, bool is_tensor) {
    while (!taken.insert(name).second) name += '_';
    fields.push_back({name, std::move(doc), is_tensor});
  };
  for (const EpilogueStep& step : epilogue.steps) {
    const EpilogueWord& word = *step.word;
    const int nth = ++seen[word.name];
    const std::string name =
        std::string(word.name) + (nth > 1 ? fmt::format("{}", nth) : std::string());
    if (word.takes_tensor) {
      const auto extent = op.epilogue_extents.find(std::string(word.name));
      add(name,
          extent == op.epilogue_extents.end()
              ? std::string(word.doc)
              : fmt::format("{}: device memory, {} elements", word.doc, extent->second.text()),
          true);
    }
    for (const std::string_view parameter : word.parameters) {
      add(fmt::format("{}_{}", name, parameter), fmt::format("{} of {}", parameter, word.doc),
          false);
    }
  }
  return fields;
}

// Returns the index of the form with this storage, math and chain; -1 if there is none.
int find_form(const Tuning& tuning, DType dtype, const std::string& math,
              const std::string& structure) {
  for (std::size_t i = 0; i < tuning.forms.size(); ++i) {
    const Form& form = tuning.forms[i];
    if (form.dtype == dtype && form.math == math && form.epilogue.structure() == structure) {
      return static_cast<int>(i);
    }
  }
  return -1;
}

std::vector<float> constants_of(const Epilogue& epilogue) {
  std::vector<float> all;
  for (const EpilogueStep& step : epilogue.steps) {
    all.insert(all.end(), step.arguments.begin(), step.arguments.end());
  }
  return all;
}

}  // namespace

int add_form(Tuning& tuning, DType dtype, const std::string& math, const Epilogue& epilogue) {
  const std::string structure = epilogue.structure();
  if (const int known = find_form(tuning, dtype, math, structure); known >= 0) return known;
  Form form{dtype, math, Epilogue::from_structure(structure), "Args", "", {}};
  if (dtype != tuning.op().dtypes.front()) form.type += pascal_case(name_of(dtype));
  if (math != name_of(dtype)) form.type += pascal_case(math);
  if (!form.epilogue.steps.empty()) {
    form.base = tuning.forms[static_cast<std::size_t>(add_form(tuning, dtype, math, {}))].type;
    for (const EpilogueStep& step : epilogue.steps) form.type += step.word->cpp_type;
    form.fields = fields_of(tuning.op(), form.epilogue);
  }
  tuning.forms.push_back(std::move(form));
  return static_cast<int>(tuning.forms.size()) - 1;
}

void read_constants(TunedRow& row) {
  const std::string& text = row.winner.trial.context.situation.epilogue;
  if (text.empty()) return;
  const Epilogue tuned = Epilogue::parse(text);
  if (tuned.structure() != row.problem.epilogue.structure()) return;
  row.problem.epilogue = tuned;
  row.has_constants = true;
}

void settle_constants(Tuning& tuning) {
  for (std::size_t i = 0; i < tuning.forms.size(); ++i) {
    Form& form = tuning.forms[i];
    std::vector<std::optional<float>> tuned;
    bool is_first = true;
    for (const TunedRow& row : tuning.rows) {
      if (row.form != static_cast<int>(i)) continue;
      const std::vector<float> its = constants_of(row.problem.epilogue);
      if (is_first) {
        tuned.assign(its.begin(), its.end());
        form.epilogue = row.problem.epilogue;
      }
      for (std::size_t at = 0; at < its.size(); ++at) {
        const bool agrees =
            row.has_constants && tuned[at] && std::equal_to<>()(*tuned[at], its[at]);
        if (!agrees) tuned[at].reset();
      }
      is_first = false;
    }
    std::size_t at = 0;
    for (EpilogueField& field : form.fields) {
      if (!field.is_tensor && at < tuned.size()) field.tuned = tuned[at++];
    }
  }
}

int form_of(const Tuning& tuning, const Problem& problem) {
  return find_form(tuning, problem.dtype, problem.math, problem.epilogue.structure());
}

}  // namespace tw
