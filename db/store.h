// The database of trials. It is append-only, commits every trial when its result is known, and is
// shared by concurrent processes. The schema is db/schema.sql. The views of db/views.sql are
// documented for the sqlite3 shell.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/plan/l2.h"
#include "core/plan/measurement.h"
#include "core/plan/objective.h"
#include "core/types/device_info.h"

namespace tw {

enum class Source { measured, replayed, imported, cpu };
std::string_view name_of(Source source);
std::optional<Source> parse_source(std::string_view text);

// The problem of a run, its device, and how it measures. All kernels of a run share it.
struct Situation {
  std::string op;                           // "gemm"
  std::string problem;                      // Problem::key
  std::string device_model, device_limits;  // device_limits: see device_limits_of
  std::string driver, toolchain;            // toolchain: "NVRTC 13.0"
  int protocol = protocol_version;
  L2 l2 = L2::cold;
  Source source = Source::measured;
  // Epilogue::text with its constants; empty: none, or not known (older rows, recordings). It is no
  // key, because the verdict digest depends on it.
  std::string epilogue;
  bool operator==(const Situation&) const = default;
};

// A kernel or a library, and what decides its code and its verdicts.
struct CodeKey {
  std::string kernel;          // "simt"; for a baseline its library
  std::string source_digest;   // KernelSpec::source_digest; for a baseline its library's version
  std::string verdict_digest;  // verdict.h; empty: not known (older rows, recordings)
  bool operator==(const CodeKey&) const = default;
};

// The conditions on which a time depends, besides the configuration. Rows with equal contexts are
// comparable.
struct Context {
  Situation situation;
  CodeKey code;
  bool operator==(const Context&) const = default;
};
// Returns the canonical text of the limits that expressions can read: "cc=90 sms=132 ...". The
// memory counts in whole GiB, because each driver reserves a slightly different part of it.
std::string device_limits_of(const DeviceInfo& info);
// Sets the limits that such a text names. Ignores unknown words.
void set_limits(DeviceInfo& device, std::string_view limits);

// One invocation of the tuner on one problem, as it is known when it begins.
struct RunInfo {
  Context context;  // of the first kernel
  std::string space_digest, strategy, command, device_uuid, commit, device_json;
  // "KERNEL: CONFIGURATION" of the oracle; empty: the op's reference.
  std::string oracle;
  std::uint64_t seed = 0;
  std::int64_t space_size = 0;
  Objective objective = Objective::time;  // of its search and its race
};
// Returns what the run knows of its device, with the limits of the situation.
DeviceInfo device_of(const RunInfo& run, const Situation& situation);

// A run as the database holds it.
struct StoredRun {
  std::int64_t id = 0;
  std::string started, ended;  // UTC, ISO 8601; `ended` is empty if the run was killed or goes on
  std::string status;          // see RunEnd
  RunInfo info;
};

// How a run ended: by its budget or a certificate, with the whole space measured, or by the user.
// In the database, the status of a run is the name of its end, perhaps with ": " and a certificate
// after it, or "running".
enum class RunEnd { finished, exhausted, interrupted };
std::string_view name_of(RunEnd end);

enum class TrialKind { search, race, baseline };
std::string_view name_of(TrialKind kind);
std::optional<TrialKind> parse_trial_kind(std::string_view text);

struct Trial {
  // A row of the database: one measurement of one configuration.
  std::int64_t id = 0, run = 0;
  std::string created;  // UTC, ISO 8601
  Context context;
  TrialKind kind = TrialKind::search;
  std::string configuration;  // canonical text; empty for a baseline
  Measurement measurement;
};

// A row of the view `winners`, or of the view of another objective's winners. See db/winners.sql
// and docs/database.md for the rules.
struct Winner {
  Trial trial;  // its evidence: the pooled samples of the race, if there was one
  bool raced = false;
  // The others ("kernel: configuration", of any kernel) that are statistically tied with the
  // winner, in the order of the race.
  std::vector<std::string> tied;
  std::optional<double> baseline_ns;       // the best baseline under the same driver
  std::string baseline;                    // its library
  std::optional<double> baseline_mj = {};  // energy of a launch of it, if it was measured
};

struct Filter {
  // Empty fields match everything (but see winners). `problem` and `device` (a model) match as
  // substrings.
  std::string op{}, problem{}, kernel{}, device{}, source{}, l2{};
  std::optional<Outcome> outcome{};       // trials only
  std::int64_t limit = 0;                 // 0: all
  Objective objective = Objective::time;  // winners only
};

// The aspects in which two parts of a database may differ.
enum class Aspect { device, driver, toolkit };

class Store {
 public:
  enum class Mode { read_only, read_write };
  // Opens the file. In read_write mode, creates the file and its folder, and upgrades an older
  // schema. Throws Error in one clear line for a folder, a read-only or corrupt file, a newer
  // schema, a full disk, or a database of another program. One thread uses a Store at a time; any
  // number of Stores can share a file.
  static Store open(const std::string& path, Mode mode);
  // Opens the part of the file in which the aspect has this value, to read it. The winners are
  // those that this part alone would have.
  static Store open_part(const std::string& path, Aspect aspect, const std::string& value);
  Store(Store&&) noexcept;
  Store& operator=(Store&&) noexcept;
  ~Store();

  std::int64_t begin_run(const RunInfo& run);
  // The certificate, if there is one, says how sure the search is of what it found.
  void end_run(std::int64_t run, RunEnd end, std::string_view certificate = "");
  // Adds a trial, which is committed on return, and returns its id. Throws Error if that is not
  // possible (disk full, ...). Nothing that was committed before is lost. Samples must be finite.
  std::int64_t append(std::int64_t run, TrialKind kind, const Context& context,
                      std::string_view configuration, const Measurement& measurement);
  // Adds a race: the pooled measurements of its finalists. The first `tied` finalists, led by the
  // winner, are the tie set. The others follow, fastest first, and those that failed come last.
  // Commits all of it or nothing.
  struct Finalist {
    Context context;
    std::string configuration;
    Measurement measurement;
  };
  void append_race(std::int64_t run, const std::vector<Finalist>& ranking, std::size_t tied);

  // Returns, for exactly this context, the trial of each configuration that says whether it works:
  // its latest trial of a search, or a later failure in a race.
  std::vector<Trial> known(const Context& context) const;
  // Returns all contexts in which a kernel was tried, oldest first, imported ones last.
  std::vector<Context> contexts(const std::string& op, const std::string& kernel) const;
  // Returns the values of the aspect in contexts in which a kernel worked, oldest first.
  std::vector<std::string> values_of(Aspect aspect, const Filter& filter) const;
  std::vector<Trial> trials(const Filter& filter) const;  // newest first
  std::vector<StoredRun> runs() const;                    // all of them, oldest first
  // Returns one winner for each (op, problem, device model, device limits), sorted by these. An
  // empty `filter.source` means measured here; an empty `filter.l2` means cold. Only rows of the
  // newest protocol and of each kernel's newest source digest count. Without a race, only each
  // kernel's most recent driver and toolchain count. With another objective, only rows that have
  // its value win, and only races of this objective decide.
  std::vector<Winner> winners(const Filter& filter) const;
  // Returns the rows of the race that made this trial a winner, in the order of the race, without
  // those that failed. If there was no race, returns the trial itself.
  std::vector<Trial> finalists(std::int64_t winner_trial) const;
  // Returns what was measured last of a configuration in the situation, with any source of the
  // kernel: its latest trial of a race, else of a search. Nothing if there is none.
  std::optional<Trial> latest(const Situation& situation, const std::string& kernel,
                              const std::string& configuration) const;
  // Returns one line if the clock is behind the date of the latest trial; else empty. Only imported
  // rows are ordered by dates.
  std::string clock_notice() const;
  // Returns the latest ok trial of a baseline in the situation, with this verdict digest. The
  // toolchain may differ, because it does not compile libraries.
  std::optional<Trial> baseline(const Situation& situation,
                                const std::string& verdict_digest) const;

 private:
  struct Impl;
  explicit Store(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tw
