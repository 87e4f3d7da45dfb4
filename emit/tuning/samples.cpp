#include "emit/tuning/samples.h"

#include <algorithm>
#include <optional>
#include <random>
#include <set>

#include "emit/tuning/choice.h"
#include "emit/tuning/fallbacks.h"
#include "emit/tuning/given_kernel.h"
#include "emit/tuning/launches.h"

namespace tw {
namespace {

enum Kind { own, asked, single, ragged, padded, unaligned, scalars, edge, mixed, kinds };
constexpr int mixtures = 64;

struct Candidate {
  Kind kind = own;
  Problem problem;
};

// A tuned problem with some values replaced. Dims that have their defaults follow.
class Variation {
 public:
  Variation(const OpSpec& op, const Problem& problem)
      : op_(op), problem_(problem), values_(shape_values(op, problem)) {}

  void set_dim(std::size_t dim, std::int64_t value) { values_.dims[dim] = value; }
  void set_scalar(std::size_t scalar, double value) { values_.scalars[scalar] = value; }
  void align(int bytes) { problem_.align = bytes; }
  // Returns nothing if the op refuses the problem.
  std::optional<Problem> problem() const {
    Problem problem = problem_;
    if (set_shape(op_, values_, problem)) return std::nullopt;
    return problem;
  }

 private:
  const OpSpec& op_;
  Problem problem_;  // with the shape of the tuned problem
  ShapeValues values_;
};

// Finds candidates around one tuned problem.
class Neighbourhood {
 public:
  // `kept` are dims that no candidate varies.
  Neighbourhood(const OpSpec& op, const Problem& problem, const std::vector<std::size_t>& kept,
                std::uint64_t seed)
      : op_(op), problem_(problem), random_(seed), vector_(16 / size_of(problem.dtype)) {
    for (std::size_t i = 0; i < op.dims.size(); ++i) {
      if (std::find(kept.begin(), kept.end(), i) == kept.end()) dims_.push_back(i);
    }
  }

  std::vector<Candidate> candidates() {
    add(own, Variation(op_, problem_));
    one_dim_each();
    all_ragged();
    all_padded();
    for (int align = least_align(op_, problem_.dtype); align <= 16; align *= 2) {
      Variation less(op_, problem_);
      less.align(align);
      add(unaligned, less);
    }
    other_scalars();
    for (int i = 0; i < mixtures; ++i) mix();
    return std::move(candidates_);
  }

 private:
  void add(Kind kind, const Variation& variation) {
    if (auto problem = variation.problem()) candidates_.push_back({kind, std::move(*problem)});
  }
  // Returns values that differ in rounding, in vectors and in tiles of any size.
  std::vector<std::int64_t> values_near(std::size_t dim) const {
    const std::int64_t at = problem_.dims[dim], half = at / 2;
    std::vector<std::int64_t> values;
    for (const std::int64_t value : {at - 1, at + 1, at - vector_, at + vector_, half, half + 1,
                                     half - vector_, std::int64_t{1}, vector_, 2 * at - vector_}) {
      if (value >= op_.dims[dim].min && value != at) values.push_back(value);
    }
    return values;
  }
  void one_dim_each() {
    for (const std::size_t i : dims_) {
      if (op_.dims[i].fallback) continue;
      for (const std::int64_t value : values_near(i)) {
        Variation one(op_, problem_);
        one.set_dim(i, value);
        add(single, one);
      }
    }
  }
  void all_ragged() {
    for (const std::int64_t by : {std::int64_t{-1}, std::int64_t{1}, -vector_, vector_}) {
      Variation all(op_, problem_);
      for (const std::size_t i : dims_) {
        if (op_.dims[i].fallback) continue;
        all.set_dim(i, std::max(op_.dims[i].min, problem_.dims[i] + by));
      }
      add(ragged, all);
    }
  }
  // Changes dims with a default, which are strides, paddings and the like.
  void all_padded() {
    for (const std::int64_t by : {vector_, std::int64_t{1}, 8 * vector_}) {
      for (const std::size_t i : dims_) {
        if (!op_.dims[i].fallback) continue;
        Variation one(op_, problem_);
        one.set_dim(i, problem_.dims[i] + by);
        add(padded, one);
      }
    }
  }
  void other_scalars() {
    for (std::size_t i = 0; i < op_.scalars.size(); ++i) {
      for (const double value : {0.5, 0.0, 1.0, -1.5}) {
        Variation one(op_, problem_);
        one.set_scalar(i, value);
        add(scalars, one);
      }
    }
  }
  std::int64_t draw(std::int64_t below) {
    return static_cast<std::int64_t>(random_() % static_cast<std::uint64_t>(below));
  }
  // Sets each dim near its own value, or near that of a problem smaller by some powers of two.
  void mix() {
    Variation all(op_, problem_);
    const std::int64_t shrinks = 1 + draw(12);
    for (const std::size_t i : dims_) {
      if (op_.dims[i].fallback) {
        if (draw(8) == 0) all.set_dim(i, problem_.dims[i] + (draw(2) == 0 ? vector_ : 1));
        continue;
      }
      const std::int64_t base = std::max<std::int64_t>(1, problem_.dims[i] >> draw(shrinks));
      const std::int64_t offsets[] = {0, -1, 1, -vector_, vector_, 3 * vector_};
      all.set_dim(i, std::max(op_.dims[i].min, base + offsets[draw(6)]));
    }
    if (draw(4) == 0) all.align(least_align(op_, problem_.dtype));
    for (std::size_t i = 0; i < op_.scalars.size(); ++i) {
      if (draw(4) == 0) all.set_scalar(i, draw(2) == 0 ? 0.5 : 1.0);
    }
    add(mixed, all);
  }

  const OpSpec& op_;
  const Problem& problem_;
  std::mt19937_64 random_;
  std::vector<std::size_t> dims_;
  std::int64_t vector_;  // elements in 16 bytes
  std::vector<Candidate> candidates_;
};

std::vector<Candidate> candidates_of(const Tuning& tuning, std::uint64_t seed,
                                     const std::vector<Problem>& also) {
  std::vector<Candidate> all;
  for (const Problem& problem : also) all.push_back({asked, problem});
  for (const TunedRow& row : tuning.rows) {
    const KernelSpec& kernel = *tuning.branches[static_cast<std::size_t>(row.branch)].kernel;
    const std::vector<std::size_t> kept = constant_dims(tuning.op(), kernel);
    for (Candidate& one : Neighbourhood(tuning.op(), row.problem, kept, seed).candidates()) {
      all.push_back(std::move(one));
    }
  }
  for (const Form& form : tuning.forms) {
    for (const auto& choices : combinations_of(tuning)) {
      for (const ShapeValues& shape : edge_shapes_of(tuning.op())) {
        for (const int align : {16, least_align(tuning.op(), form.dtype)}) {
          if (auto problem = problem_of(tuning, form, shape, choices, align)) {
            all.push_back({edge, std::move(*problem)});
          }
        }
      }
    }
  }
  // A problem that several kinds contain counts as the first kind.
  std::stable_sort(all.begin(), all.end(),
                   [](const Candidate& a, const Candidate& b) { return a.kind < b.kind; });
  return all;
}

bool is_small(const Tuning& tuning, const DeviceInfo& device, const Candidate& one, bool is_own,
              const SampleSize& size) {
  const OpSpec& op = tuning.op();
  const MemoryNeed need = memory_need(op, one.problem, device);
  if (!need.fits(device) || need.total() > (is_own ? size.own_bytes : size.bytes)) return false;
  const auto flops = op.flops.evaluate(slots_of(op, op.names, one.problem, device));
  return flops && static_cast<double>(*flops) <= (is_own ? size.own_flops : size.flops);
}

// The candidates of one row or fallback, by kind.
struct Subject {
  EmitSample sample;  // without the problem
  std::vector<Problem> of_kind[kinds];
  std::set<std::string> seen;

  void add(const OpSpec& op, Kind kind, Problem problem) {
    if (seen.insert(problem.key(op)).second) of_kind[kind].push_back(std::move(problem));
  }
  // Returns one candidate of each kind in turn. The seed draws the order inside each kind.
  std::vector<EmitSample> drawn(std::size_t most, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    for (auto& problems : of_kind) {
      for (std::size_t i = problems.size(); i > 1; --i) {
        std::swap(problems[i - 1], problems[random() % i]);
      }
    }
    std::vector<EmitSample> samples;
    for (std::size_t turn = 0; samples.size() < std::min(most, seen.size()); ++turn) {
      for (auto& problems : of_kind) {
        if (turn >= problems.size() || samples.size() == most) continue;
        samples.push_back(sample);
        samples.back().problem = problems[turn];
      }
    }
    return samples;
  }
};

// Returns the rows first, then the fallbacks. A subject without candidates stays empty.
std::vector<Subject> subjects_of(const Tuning& tuning) {
  std::vector<Subject> subjects;
  const auto add = [&](std::string name, bool is_default, int index) {
    const Branch& branch = tuning.branches[static_cast<std::size_t>(index)];
    Subject subject;
    subject.sample = {std::move(name), is_default, branch.kernel, branch.configuration, {}};
    subjects.push_back(std::move(subject));
  };
  for (const TunedRow& row : tuning.rows) add(subject_of(tuning, row), false, row.branch);
  for (const Fallback& fallback : tuning.fallbacks) {
    add(subject_of(tuning, fallback), true, fallback.branch);
  }
  return subjects;
}

// Returns the row or fallback that the header takes, with the indices of subjects_of. Returns
// nothing if there is none.
std::optional<std::size_t> taker_of(const Tuning& tuning, const Problem& problem,
                                    const DeviceInfo& device) {
  const dispatch::Choice choice = choice_of(tuning, problem, device);
  if (choice.row >= 0) return static_cast<std::size_t>(choice.row);
  const int form = form_of(tuning, problem);
  for (std::size_t i = 0; i < tuning.fallbacks.size() && choice.branch >= 0; ++i) {
    const Fallback& fallback = tuning.fallbacks[i];
    if (fallback.branch == choice.branch && fallback.form == form) return tuning.rows.size() + i;
  }
  return std::nullopt;
}

// Returns whether the device has the memory for the workspaces of a sample.
bool fits(const OpSpec& op, const EmitSample& sample, const Problem& problem,
          const DeviceInfo& device) {
  return device.memory_bytes <= 0 || workspace_need(op, *sample.kernel, problem, device,
                                                    sample.configuration) <= device.memory_bytes;
}

}  // namespace

std::vector<EmitSample> samples_of(const Tuning& tuning, const DeviceInfo& device, std::size_t most,
                                   const SampleSize& size, std::uint64_t seed,
                                   const std::vector<Problem>& also) {
  std::vector<Subject> subjects = subjects_of(tuning);
  for (Candidate& one : candidates_of(tuning, seed, also)) {
    if (!is_small(tuning, device, one, one.kind == own || one.kind == asked, size)) continue;
    if (!can_verify(tuning.op(), one.problem, device)) continue;
    const auto taker = taker_of(tuning, one.problem, device);
    if (!taker || !fits(tuning.op(), subjects[*taker].sample, one.problem, device)) continue;
    subjects[*taker].add(tuning.op(), one.kind, std::move(one.problem));
  }
  std::vector<EmitSample> samples;
  for (Subject& subject : subjects) {
    for (EmitSample& one : subject.drawn(most, seed)) samples.push_back(std::move(one));
  }
  return samples;
}

}  // namespace tw
