// Enumerates the valid configurations. enumerate.h explains how.
#include "core/space/enumerate.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>

namespace tw {
namespace {

constexpr std::size_t kWordBits = 64;
constexpr std::size_t kMemoryWords = 8192;      // of remembered masks, for each check
constexpr std::size_t kChunkBytes = 512 << 10;  // of rows
constexpr std::size_t kIdleMasks = 1000;        // a bound is dropped if so many reject nothing
constexpr std::size_t kReportSteps = 1 << 20;   // between two reports

std::size_t words_for(std::size_t values) { return (values + kWordBits - 1) / kWordBits; }

bool is_empty(const std::uint64_t* mask, std::size_t words) {
  return std::all_of(mask, mask + words, [](std::uint64_t word) { return word == 0; });
}

}  // namespace

// Collects rows in chunks, so that it needs neither memory for growing nor a guess of the size.
class Enumerator::Sink {
 public:
  Sink(std::size_t row_bytes, std::size_t limit)
      : row_bytes_(row_bytes),
        limit_(limit),
        chunk_bytes_(row_bytes * std::max<std::size_t>(kChunkBytes / (row_bytes + 1), 1)) {}

  bool is_full() const { return count_ >= limit_; }
  // Returns room for a row, which the caller writes.
  std::uint8_t* add() {
    if (chunks_.empty() || used_ + row_bytes_ > chunk_bytes_) {
      chunks_.push_back(std::make_unique_for_overwrite<std::uint8_t[]>(chunk_bytes_));
      used_ = 0;
    }
    std::uint8_t* row = chunks_.back().get() + used_;
    used_ += row_bytes_;
    ++count_;
    return row;
  }
  // Copies the chunks into one table. Frees each chunk once it is copied.
  Rows take() {
    Rows rows{.count = count_, .levels = {}};
    rows.levels.reserve(count_ * row_bytes_);
    for (Chunk& chunk : chunks_) {
      const std::size_t bytes = &chunk == &chunks_.back() ? used_ : chunk_bytes_;
      rows.levels.insert(rows.levels.end(), chunk.get(), chunk.get() + bytes);
      chunk.reset();
    }
    return rows;
  }

 private:
  using Chunk = std::unique_ptr<std::uint8_t[]>;

  std::size_t row_bytes_, limit_, count_ = 0;
  std::size_t chunk_bytes_;  // of whole rows
  std::size_t used_ = 0;     // bytes of the last chunk
  std::vector<Chunk> chunks_;
};

Enumerator::Enumerator(const std::vector<Knob>& knobs, std::span<const Constraint> constraints,
                       int first_knob, std::vector<std::int64_t> slots)
    : knobs_(knobs), slots_(std::move(slots)), first_knob_(static_cast<std::size_t>(first_knob)) {
  slots_.resize(std::max(slots_.size(), first_knob_ + knobs.size()));
  for (std::size_t knob = 0; knob < knobs.size(); ++knob) {
    const std::size_t size = knobs[knob].values.size();
    if (size > 256) width_ = 2;
    slots_[first_knob_ + knob] = knobs[knob].values[0];
    if (size == 1) continue;
    Axis axis;
    axis.knob = knob;
    axis.size = size;
    axis.candidates.resize(words_for(size));
    axes_.push_back(std::move(axis));
  }
  for (Axis& axis : axes_) {
    const auto [least, most] =
        std::minmax_element(knobs[axis.knob].values.begin(), knobs[axis.knob].values.end());
    axis.all = {*least, *most};
  }
  row_.resize(knobs.size() * width_);
  for (std::size_t i = axes_.size(); i-- > 0;) {
    axes_[i].below = combinations_;
    combinations_ *= static_cast<double>(axes_[i].size);
  }
  for (std::size_t i = 0; i < constraints.size(); ++i) add_check(constraints[i], i);
}

void Enumerator::add_check(const Constraint& constraint, std::size_t index) {
  Check check;
  check.expr = &constraint.expr;
  check.constraint = index;
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    const int slot = static_cast<int>(first_knob_ + axes_[i].knob);
    const std::vector<int>& reads = constraint.expr.reads();
    if (std::binary_search(reads.begin(), reads.end(), slot)) check.keys.push_back(i);
  }
  if (check.keys.empty()) {
    if (excluded_by_ < 0 && !constraint.expr.holds(slots_)) {
      excluded_by_ = static_cast<std::ptrdiff_t>(index);
    }
    return;
  }
  check.axis = check.keys.back();
  check.keys.pop_back();
  start(std::move(check));
}

void Enumerator::start(Check check) {
  plan_memory(check);
  if (!check.keys.empty()) axes_[check.keys.back()].starting.push_back(checks_.size());
  axes_[check.axis].ending.push_back(checks_.size());
  checks_.push_back(std::move(check));
  Check& last = checks_.back();
  if (last.keys.empty() && !update(last) && excluded_by_ < 0) {
    excluded_by_ = static_cast<std::ptrdiff_t>(last.constraint);
  }
}

// Returns whether there is a constraint whose bounds can prune before the constraint does.
bool Enumerator::has_many_axes() const {
  return std::any_of(checks_.begin(), checks_.end(),
                     [](const Check& check) { return !check.is_bound && check.keys.size() >= 2; });
}

void Enumerator::add_bounds() {
  if (!intervals_.empty()) return;  // an earlier run added them
  for (const std::int64_t value : slots_) intervals_.push_back(Bounds::only(value));
  for (const Axis& axis : axes_) interval(axis) = axis.all;
  const std::size_t exact = checks_.size();
  for (std::size_t i = 0; i < exact; ++i) {
    for (std::size_t keys = 0; keys + 1 < checks_[i].keys.size(); ++keys) {
      add_bound(checks_[i], keys);
    }
  }
}

// Adds the bound of a constraint whose first `keys` axes have values, as a mask over the next axis.
void Enumerator::add_bound(const Check& of, std::size_t keys) {
  Check bound;
  bound.expr = of.expr;
  bound.constraint = of.constraint;
  bound.keys.assign(of.keys.begin(), of.keys.begin() + static_cast<std::ptrdiff_t>(keys));
  bound.axis = of.keys[keys];
  bound.is_bound = true;
  start(std::move(bound));
}

void Enumerator::plan_memory(Check& check) const {
  std::uint64_t numbers = 1;  // that the keys can form; the last key varies fastest
  check.radix.resize(check.keys.size());
  for (std::size_t i = check.keys.size(); i-- > 0;) {
    check.radix[i] = numbers;
    const std::uint64_t size = axes_[check.keys[i]].size;
    if (__builtin_mul_overflow(numbers, size, &numbers)) check.remembers = false;
  }
  const std::size_t words = axes_[check.axis].candidates.size();
  const std::size_t most = std::max<std::size_t>(kMemoryWords / words, 1);
  const std::size_t entries =
      check.remembers ? std::bit_floor(std::min<std::uint64_t>(std::bit_ceil(numbers), most)) : 1;
  check.tags.resize(entries);
  check.masks.resize(entries * words);
}

// Puts the mask for the present values of the keys in force. Returns false if the mask is empty.
bool Enumerator::update(Check& check) {
  if (check.idle > kIdleMasks) return true;  // the mask in force rejects nothing
  std::uint64_t number = 0;
  for (std::size_t i = 0; i < check.keys.size(); ++i) {
    number += axes_[check.keys[i]].level * check.radix[i];
  }
  const std::size_t words = axes_[check.axis].candidates.size();
  const std::size_t entry = number & (check.tags.size() - 1);
  std::uint64_t* mask = check.masks.data() + entry * words;
  if (!check.remembers || check.tags[entry] != number + 1) {
    check.is_bound ? evaluate_bound(check, mask) : evaluate(check, mask);
    check.tags[entry] = number + 1;
  }
  check.mask = mask;
  return !is_empty(mask, words);
}

void Enumerator::evaluate(const Check& check, std::uint64_t* mask) {
  const Axis& axis = axes_[check.axis];
  std::fill_n(mask, axis.candidates.size(), 0);
  std::int64_t& slot = slots_[first_knob_ + axis.knob];
  for (std::size_t level = 0; level < axis.size; ++level) {
    slot = knobs_[axis.knob].values[level];
    if (check.expr->holds(slots_)) {
      mask[level / kWordBits] |= std::uint64_t{1} << level % kWordBits;
    }
  }
}

// Makes the mask of the values with which the constraint can hold.
void Enumerator::evaluate_bound(Check& check, std::uint64_t* mask) {
  const Axis& axis = axes_[check.axis];
  for (const std::size_t key : check.keys) {
    interval(axes_[key]) = Bounds::only(slots_[first_knob_ + axes_[key].knob]);
  }
  std::fill_n(mask, axis.candidates.size(), 0);
  std::size_t kept = 0;
  for (std::size_t level = 0; level < axis.size; ++level) {
    interval(axis) = Bounds::only(knobs_[axis.knob].values[level]);
    if (!check.expr->bounds(intervals_).may_hold()) continue;
    mask[level / kWordBits] |= std::uint64_t{1} << level % kWordBits;
    ++kept;
  }
  for (const std::size_t key : check.keys) interval(axes_[key]) = axes_[key].all;
  interval(axis) = axis.all;
  check.has_rejected |= kept < axis.size;
  if (!check.has_rejected) ++check.idle;
}

// Updates the masks for which `axis`, which was just bound, was the last missing key. Returns false
// if a mask is empty.
bool Enumerator::look_ahead(const Axis& axis) {
  for (const std::size_t i : axis.starting) {
    if (update(checks_[i])) continue;
    reject(checks_[i].constraint, axis.below);
    return false;
  }
  return true;
}

void Enumerator::enter(Axis& axis) {
  for (std::size_t word = 0; word < axis.candidates.size(); ++word) {
    const std::size_t left = axis.size - word * kWordBits;
    std::uint64_t candidates = left >= kWordBits ? ~std::uint64_t{0} : (1ull << left) - 1;
    for (const std::size_t i : axis.ending) {
      const std::uint64_t kept = candidates & checks_[i].mask[word];
      if (rejected_ != nullptr) {
        reject(checks_[i].constraint, std::popcount(candidates ^ kept) * axis.below);
      }
      candidates = kept;
    }
    axis.candidates[word] = candidates;
  }
}

void Enumerator::bind(Axis& axis, std::size_t level) {
  axis.level = level;
  slots_[first_knob_ + axis.knob] = knobs_[axis.knob].values[level];
  row_[axis.knob * width_] = static_cast<std::uint8_t>(level);
  if (width_ == 2) row_[axis.knob * 2 + 1] = static_cast<std::uint8_t>(level >> 8);
}

// Binds the next candidate. Returns false if there is none left.
bool Enumerator::bind_next(Axis& axis) {
  for (std::size_t word = 0; word < axis.candidates.size(); ++word) {
    std::uint64_t& candidates = axis.candidates[word];
    if (candidates == 0) continue;
    const auto bit = static_cast<std::size_t>(std::countr_zero(candidates));
    candidates &= candidates - 1;
    bind(axis, word * kWordBits + bit);
    return true;
  }
  return false;
}

// Adds all rows of the last axis.
void Enumerator::emit(const Axis& axis, Sink& sink) {
  for (std::size_t word = 0; word < axis.candidates.size(); ++word) {
    for (std::uint64_t rest = axis.candidates[word]; rest != 0; rest &= rest - 1) {
      const std::size_t level = word * kWordBits + static_cast<std::size_t>(std::countr_zero(rest));
      std::uint8_t* row = sink.add();
      std::memcpy(row, row_.data(), row_.size());
      row[axis.knob * width_] = static_cast<std::uint8_t>(level);
      if (width_ == 2) row[axis.knob * 2 + 1] = static_cast<std::uint8_t>(level >> 8);
    }
  }
}

// Returns the part of all combinations that the walk has passed when it stands at an axis.
double Enumerator::passed(std::size_t depth) const {
  double passed = 0, part = 1;
  for (std::size_t i = 0; i < depth; ++i) {
    part /= static_cast<double>(axes_[i].size);
    passed += part * static_cast<double>(axes_[i].level);
  }
  return passed;
}

// Collects rows until the sink is full. Returns false if it needs more steps than these.
bool Enumerator::walk(Sink& sink, std::size_t steps) {
  if (excluded_by_ >= 0) {
    reject(static_cast<std::size_t>(excluded_by_), combinations_);
    return true;
  }
  if (axes_.empty()) {
    std::copy(row_.begin(), row_.end(), sink.add());
    return true;
  }
  std::size_t depth = 0;
  double farthest = 0;  // an axis that is left has passed more than its first axes say
  enter(axes_[0]);
  for (std::size_t step = 0; !sink.is_full(); ++step) {
    if (step == steps) return false;
    if (step % kReportSteps == kReportSteps - 1 && report_) {
      farthest = std::max(farthest, passed(depth));
      report_(farthest);
    }
    Axis& axis = axes_[depth];
    const bool last = depth + 1 == axes_.size();
    if (last) emit(axis, sink);
    if (last || !bind_next(axis)) {
      if (depth-- == 0) return true;
    } else if (look_ahead(axis)) {
      enter(axes_[++depth]);
    }
  }
  return true;
}

Enumerator::Rows Enumerator::run(std::size_t limit, std::size_t patience) {
  const bool may_bound = has_many_axes();
  Sink sink(row_.size(), limit);
  if (walk(sink, may_bound ? patience : kMostSteps)) return sink.take();
  if (!may_bound) {
    Rows none;
    none.is_complete = false;
    return none;
  }
  add_bounds();
  if (rejected_ != nullptr) std::fill(rejected_->begin(), rejected_->end(), 0.0);
  Sink again(row_.size(), limit);
  const bool is_complete = walk(again, kMostSteps);
  Rows rows = again.take();
  rows.is_complete = is_complete;
  return rows;
}

std::vector<double> Enumerator::count_rejected() {
  std::size_t constraints = 0;
  for (const Check& check : checks_) constraints = std::max(constraints, check.constraint + 1);
  constraints = std::max(constraints, static_cast<std::size_t>(excluded_by_ + 1));
  std::vector<double> rejected(constraints);
  rejected_ = &rejected;
  run();
  rejected_ = nullptr;
  return rejected;
}

}  // namespace tw
