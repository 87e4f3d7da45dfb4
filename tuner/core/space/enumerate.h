// The search behind SearchSpace::enumerate: finds the valid combinations of knob values without
// looking at all combinations. Private to space.cpp.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "core/spec/spec.h"

namespace tw {

// Walks the axes depth first, in the knobs' order. An axis is a knob with more than one value. At
// each axis the candidates are a bit mask over its values.
//
// Constraints look ahead. As soon as all but the last of the axes that a constraint reads are
// bound, the constraint becomes a mask over the values of that last axis. The mask stays in force
// until one of the bound axes moves. So a constraint is evaluated once per change of the axes that
// it reads, not once per combination, and an empty mask prunes at once. A small table remembers
// masks by the values on which they depend, because the axes in between run through many values
// that do not matter to the constraint.
//
// A constraint of many axes decides late. So if a walk takes long, it begins again with bounds: for
// each axis of such a constraint but the last two, a mask of the values with which the constraint
// can still hold, whatever the axes behind have. Bounds reject nothing that the constraint accepts.
class Enumerator {
 public:
  // `slots` holds the values of everything but the knobs, which begin at slot `first_knob`. Knobs
  // and constraints are referenced, not copied. Each knob has 1 to 65536 values.
  Enumerator(const std::vector<Knob>& knobs, std::span<const Constraint> constraints,
             int first_knob, std::vector<std::int64_t> slots);

  struct Rows {
    std::size_t count = 0;
    std::vector<std::uint8_t> levels;  // value indices, row-major, `width` bytes each, low first
    bool is_complete = true;           // false: there are too many combinations to check
  };
  static constexpr std::size_t kMostSteps = 10'000'000'000;  // some 10 minutes

  // The number of steps of a walk, some 0.05 s, before it begins again with bounds.
  static constexpr std::size_t kPatience = 1'000'000;
  // Returns the valid configurations in lexicographic order of value indices: the first `limit`, or
  // a few more.
  Rows run(std::size_t limit = SIZE_MAX, std::size_t patience = kPatience);
  // Has `report` called now and then with the part of the combinations that were passed, in 0..1.
  void watch(std::function<void(double passed)> report) { report_ = std::move(report); }
  // The bytes of one value index: 2 if a knob has more than 256 values, else 1.
  std::size_t width() const { return width_; }

  // For each constraint, counts the combinations that it rejects and that all constraints checked
  // before it accept.
  std::vector<double> count_rejected();

 private:
  struct Axis {
    std::size_t knob = 0;
    std::size_t size = 0;                   // number of values
    std::vector<std::uint64_t> candidates;  // not visited yet, given the bound axes
    std::size_t level = 0;                  // index of the bound value
    std::vector<std::size_t> starting;      // checks whose mask is known once this axis is bound
    std::vector<std::size_t> ending;        // checks whose mask is over this axis
    double below = 1;                       // combinations of the axes after this one
    Bounds all;                             // its values
  };
  struct Check {
    const Expr* expr = nullptr;
    std::size_t constraint = 0;        // index of the constraint
    std::vector<std::size_t> keys;     // all axes that it reads but the last
    std::size_t axis = 0;              // the last axis that it reads
    std::vector<std::uint64_t> radix;  // weights of the keys' levels in the number that they form
    bool remembers = true;             // this number fits in 64 bits
    std::vector<std::uint64_t> tags;   // 1 + the number to which a remembered mask belongs; 0: none
    std::vector<std::uint64_t> masks;
    const std::uint64_t* mask = nullptr;  // in force
    bool is_bound = false;                // whether the constraint can hold, not whether it does
    bool has_rejected = false;            // of a bound: one of its masks lacks a value
    std::size_t idle = 0;                 // masks of a bound until one lacked a value
  };
  class Sink;

  void add_check(const Constraint& constraint, std::size_t index);
  bool has_many_axes() const;
  void add_bounds();
  void add_bound(const Check& of, std::size_t keys);
  void start(Check check);
  void plan_memory(Check& check) const;
  bool update(Check& check);
  void evaluate(const Check& check, std::uint64_t* mask);
  void evaluate_bound(Check& check, std::uint64_t* mask);
  Bounds& interval(const Axis& axis) { return intervals_[first_knob_ + axis.knob]; }
  bool look_ahead(const Axis& axis);
  void enter(Axis& axis);
  bool bind_next(Axis& axis);
  void bind(Axis& axis, std::size_t level);
  void emit(const Axis& axis, Sink& sink);
  bool walk(Sink& sink, std::size_t steps);
  double passed(std::size_t depth) const;
  void reject(std::size_t constraint, double combinations) {
    if (rejected_ != nullptr) (*rejected_)[constraint] += combinations;
  }

  const std::vector<Knob>& knobs_;
  std::vector<std::int64_t> slots_;
  std::size_t first_knob_;
  std::size_t width_ = 1;
  std::vector<std::uint8_t> row_;  // of the axes bound so far
  std::vector<Axis> axes_;
  std::vector<Check> checks_;
  double combinations_ = 1;          // of all axes
  std::ptrdiff_t excluded_by_ = -1;  // a constraint that reads at most one axis and rejects all
  std::vector<double>* rejected_ = nullptr;
  std::vector<Bounds> intervals_;  // of the slots: all values of a knob, if it is an axis
  std::function<void(double)> report_;
};

}  // namespace tw
