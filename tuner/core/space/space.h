// A search space: all valid configurations of a kernel for a problem on a device, as an indexed,
// sorted table. A configuration is valid if it satisfies [require] and [prefer].
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/base/refusal.h"
#include "core/spec/spec.h"

namespace tw {

// One value for each knob, in the knobs' order.
using Configuration = std::vector<std::int64_t>;

// Why there is no search space.
struct NoSpace {
  std::string reason;  // one line for the user
  // No configuration is valid. Otherwise the configurations cannot be counted: there are too many,
  // or a knob has no values or too many.
  bool is_empty = false;
};

// Is told now and then which part of all combinations of values has been passed, in 0..1.
using EnumerationProgress = std::function<void(double passed)>;

// All valid configurations.
class SearchSpace {
 public:
  // Enumerates depth first in the knobs' order. A constraint prunes as soon as the values of its
  // knobs so far decide that it cannot hold. `slots` holds everything but the knobs (slots_of). Memory is proportional to
  // the number of valid configurations. If there are none, the reason names the constraint that
  // rejected most, or says that `needs` does not hold.
  static std::variant<SearchSpace, NoSpace> try_enumerate(const KernelSpec& kernel,
                                                          const std::vector<std::int64_t>& slots,
                                                          const EnumerationProgress& progress = {});
  // The same, but throws Error with the reason.
  static SearchSpace enumerate(const KernelSpec& kernel, const std::vector<std::int64_t>& slots);
  // Enumerates from knobs and constraints alone, for spaces without a kernel.
  static SearchSpace enumerate(std::vector<Knob> knobs, std::span<const Constraint> constraints,
                               int first_knob, const std::vector<std::int64_t>& slots);
  // Makes a space from an explicit list (a recording of others), kept in lexicographic order of
  // value indices. Throws Error if a configuration is there twice.
  static SearchSpace from_list(std::vector<Knob> knobs,
                               const std::vector<Configuration>& configurations);

  std::size_t size() const { return size_; }
  const std::vector<Knob>& knobs() const { return knobs_; }
  Configuration operator[](std::size_t index) const;
  // Returns the index (into Knob::values) of the value of one knob in one configuration. Strategies
  // compute with these indices.
  int level(std::size_t index, std::size_t knob) const {
    const std::size_t at = index * knobs_.size() + knob;
    return wide_ ? (levels_[2 * at] | levels_[2 * at + 1] << 8) : levels_[at];
  }
  // Returns the index of a configuration; nothing if it is not valid.
  std::optional<std::size_t> find(std::span<const std::int64_t> configuration) const;
  // Returns the index of a configuration that is written as by text_of; nothing if it is not valid.
  std::optional<std::size_t> find_text(std::string_view configuration) const;
  std::optional<std::size_t> find_levels(std::span<const int> levels) const;
  // Returns the valid configurations that differ in one knob. With `adjacent`, an ordered (integer)
  // knob differs by one step only, and other knobs may have any value.
  std::vector<std::size_t> neighbours(std::size_t index, bool adjacent = false) const;
  // Returns the default configuration (the first value of each knob) if it is valid, else the valid
  // configuration that shares the longest prefix with it.
  std::size_t default_index() const;
  double cartesian_size() const;  // the product of the knobs' sizes
  std::size_t memory_bytes() const { return levels_.capacity(); }

 private:
  static std::variant<SearchSpace, NoSpace> try_enumerate(std::vector<Knob> knobs,
                                                          std::span<const Constraint> constraints,
                                                          int first_knob,
                                                          const std::vector<std::int64_t>& slots,
                                                          const EnumerationProgress& progress);
  std::optional<std::size_t> find_from(std::size_t knob, std::size_t begin, std::size_t end,
                                       std::span<const int> levels) const;
  std::size_t first_at_least(std::size_t knob, std::size_t begin, std::size_t end, int least) const;
  std::vector<int> alternatives(std::size_t knob, int own, bool adjacent) const;

  std::vector<Knob> knobs_;
  std::vector<std::uint8_t> levels_;  // row-major, one or two bytes each
  std::size_t size_ = 0;
  bool wide_ = false;
};

// Returns whether the kernel computes the problem with this configuration: `needs` and [require]
// hold. [prefer] is not asked. The knobs' slots in `slots` are ignored.
bool serves(const KernelSpec& kernel, std::vector<std::int64_t> slots,
            std::span<const std::int64_t> configuration);

// Returns "block_m=128 block_n=64 swizzle=true": the canonical text, in the knobs' order.
std::string text_of(std::span<const Knob> knobs, std::span<const std::int64_t> configuration);
// The inverse of text_of. Refuses an unknown knob or value, and a missing or repeated knob.
std::variant<Configuration, Refusal> read_configuration(std::span<const Knob> knobs,
                                                        std::string_view text);
// The same, but throws Error with the reason.
Configuration configuration_from(std::span<const Knob> knobs, std::string_view text);

}  // namespace tw
