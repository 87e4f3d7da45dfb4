// The database of trials: append-only, every trial committed when it is known, shared by concurrent
// processes. The schema is db/schema.sql; `trials` and `winners` of db/views.sql are documented
// views for the sqlite3 shell.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/plan/measurement.h"
#include "core/types/device_info.h"

namespace tw {

enum class Source { measured, replayed, imported, cpu };
std::string_view name_of(Source source);
std::optional<Source> parse_source(std::string_view text);

// What, besides the configuration, a time depends on: rows with equal contexts are comparable.
struct Context {
  std::string op;              // "gemm"
  std::string problem;         // Problem::key
  std::string kernel;          // "simt"; a baseline: its library
  std::string source_digest;   // KernelSpec::source_digest; a baseline: its library's version
  std::string verdict_digest;  // verdict.h; empty: not known (older rows, recordings)
  std::string device_model, device_limits;  // the limits: device_limits_of
  std::string driver, toolchain;
  int protocol = protocol_version;
  std::string l2 = "cold";  // or "warm"
  Source source = Source::measured;
  std::string epilogue;  // Epilogue::text, constants included; empty: none, or not known (older
                         // rows, recordings). No key: the verdict digest depends on it
  bool operator==(const Context&) const = default;
};
// Canonical text of the limits that expressions can read: "cc=90 sms=132 ...". The memory counts in
// whole GiB, since each driver keeps a different bit of it for itself.
std::string device_limits_of(const DeviceInfo& info);

// One invocation of the tuner on one problem.
struct RunInfo {
  Context context;  // of the first kernel
  std::string space_digest, strategy, command, device_uuid, commit, device_json;
  // "KERNEL: CONFIGURATION" whose results were the expected ones; empty: the op's reference
  std::string oracle;
  std::uint64_t seed = 0;
  std::int64_t space_size = 0;
};

enum class TrialKind { search, race, baseline };

struct Trial {
  std::int64_t id = 0, run = 0;
  std::string created;  // UTC, ISO 8601
  Context context;
  TrialKind kind = TrialKind::search;
  std::string configuration;  // canonical text; empty for a baseline
  Measurement measurement;
};

// A row of the view `winners`, see db/views.sql and docs/database.md for the rules.
struct Winner {
  Trial trial;  // its evidence: the race's pooled samples if there was a race
  bool raced = false;
  std::vector<std::string> tied;  // the others ("kernel: configuration", of any kernel) that are
                                  // statistically tied with it, in the race's order
  std::optional<double> baseline_ns;  // the fastest baseline under the same driver
  std::string baseline;               // its library
};

struct Filter {
  // Empty: any (but see winners). `problem` and `device` (a model) match as substrings.
  std::string op{}, problem{}, kernel{}, device{}, source{}, l2{};
  std::optional<Outcome> outcome{};  // trials only
  std::int64_t limit = 0;            // 0: all
};

class Store {
 public:
  enum class Mode { read_only, read_write };
  // Creates the file (and its folder) in read_write mode, migrates an older schema. Throws Error
  // with one clear line: a folder, read-only, corrupt, newer schema, disk full, not a Tilewright
  // database. A Store is used by one thread at a time; any number of them share a file.
  static Store open(const std::string& path, Mode mode);
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  std::int64_t begin_run(const RunInfo& run);
  // `status`: "finished" (after it, perhaps, ": " and a certificate), "interrupted", "exhausted".
  void end_run(std::int64_t run, std::string_view status);
  // Committed on return; returns the trial's id. Throws Error if it cannot be (disk full, ...);
  // nothing that was committed before is lost. Samples must be finite.
  std::int64_t append(std::int64_t run, TrialKind kind, const Context& context,
                      std::string_view configuration, const Measurement& measurement);
  // A race: the pooled measurements of finalists, `tied` of which (the first ones, the winner at
  // their head) are the tie set, the rest fastest first, those that failed last. Committed as a
  // whole.
  struct Finalist {
    Context context;
    std::string configuration;
    Measurement measurement;
  };
  void append_race(std::int64_t run, const std::vector<Finalist>& ranking, std::size_t tied);

  // Of exactly this context, the trial that says whether a configuration works, each configuration
  // once: its latest of a search, or a later failure in a race.
  std::vector<Trial> known(const Context& context) const;
  // All under which a kernel was tried, oldest first, the imported ones last.
  std::vector<Context> contexts(const std::string& op, const std::string& kernel) const;
  std::vector<Trial> trials(const Filter& filter) const;  // newest first
  // One per (op, problem, device model, device limits), sorted by them; an empty `filter.source`
  // means measured here, an empty `filter.l2` cold. Only rows of the newest protocol, and of each
  // kernel's newest source digest, count. Without a race, of each kernel only the driver and
  // toolchain that were used last.
  std::vector<Winner> winners(const Filter& filter) const;
  // The rows of the race that made this trial a winner, in its order, but for those that failed;
  // without a race that trial.
  std::vector<Trial> finalists(std::int64_t winner_trial) const;
  // One line if the clock is behind the latest trial's date; else empty. Nothing is ordered by dates.
  std::string clock_notice() const;
  // The latest ok baseline trial for the context's problem, verdict digest, device, driver,
  // protocol, l2 and source; the context's kernel, source digest and toolchain do not matter.
  std::optional<Trial> baseline(const Context& context) const;

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tw
