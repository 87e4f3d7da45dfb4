// Trials leave a database as a file and come back: nothing is lost, and nothing comes twice.
// Longer than 400 lines: both formats are tested with one fixture and one maker of odd trials.
#include <SQLiteCpp/SQLiteCpp.h>

#include <algorithm>
#include <limits>
#include <random>

#include "core/text/csv.h"
#include "db/exchange/exchange.h"
#include "unit/db/fixture.h"

namespace tw {
namespace {

class ExportTest : public DbTest {
 protected:
  std::string other_path() const { return folder_ / "other.db"; }
  static std::string csv(const std::string& path) { return csv_of(shared_trials(path, {})); }
  Imported import(const std::string& text, const std::string& into) const {
    return import_trials(trials_from_csv(text, "x.csv"), into);
  }
  // Returns the text with the rows marked as imported, whatever they were before.
  static std::string as_imported(std::string text) {
    for (const char* source : {"\nmeasured,", "\nreplayed,"}) {
      for (std::size_t at = 0; (at = text.find(source, at)) != text.npos;) {
        text.replace(at, std::string(source).size(), "\nimported,");
      }
    }
    return text;
  }
  std::string refusal_of(const std::string& text) const {
    try {
      import(text, other_path());
    } catch (const Error& error) {
      EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
      return error.what();
    }
    return "";
  }
  // Returns the export with the cell of one column changed in its first row.
  static std::string with_cell(const std::string& text, const std::string& column,
                               const std::string& value) {
    CsvReader reader(text, "x.csv");
    std::vector<std::string> header, cells;
    reader.next(header);
    std::string changed = csv_record(header);
    const auto at = std::find(header.begin(), header.end(), column) - header.begin();
    for (bool first = true; reader.next(cells); first = false) {
      if (first) cells.at(static_cast<std::size_t>(at)) = value;
      changed += csv_record(cells);
    }
    return changed;
  }
  void execute(const std::string& statement) const {
    SQLite::Database(path(), SQLite::OPEN_READWRITE).exec(statement);
  }

  // Adds a run with a failure, a baseline and a race.
  void add_run(Store& store) const {
    const std::int64_t run = store.begin_run(run_info());
    store.append(run, TrialKind::search, context(), "a=1 b=true c=x", ok(100));
    store.append(run, TrialKind::search, context(), "a=2 b=false c=y", ok(110));
    store.append(run, TrialKind::search, context(), "a=3 b=true c=x", failed(Outcome::faulted, ""));
    Context library = context("cublas");
    library.code.source_digest = "13.0";
    store.append(run, TrialKind::baseline, library, "", ok(200));
    store.append_race(
        run, {{context(), "a=2 b=false c=y", ok(90)}, {context(), "a=1 b=true c=x", ok(95)}}, 2);
    store.end_run(run, RunEnd::finished, "95 % confident");
  }
};

TEST_F(ExportTest, CsvComesBackWithEveryField) {
  Store ours = store();
  add_run(ours);
  const std::string text = csv(path());
  const Imported imported = import(text, other_path());
  EXPECT_EQ(imported.runs, 1);
  EXPECT_EQ(imported.trials, 6);
  EXPECT_EQ(imported.known, 0);
  EXPECT_EQ(csv(other_path()), as_imported(text));

  const Store theirs = Store::open(other_path(), Store::Mode::read_only);
  const std::vector<Winner> winners = theirs.winners({.source = "imported"});
  ASSERT_EQ(winners.size(), 1u);
  EXPECT_TRUE(winners.front().raced);
  EXPECT_EQ(winners.front().trial.configuration, "a=2 b=false c=y");
  EXPECT_EQ(winners.front().tied, std::vector<std::string>{"simt: a=1 b=true c=x"});
  EXPECT_EQ(winners.front().baseline, "cublas");
  EXPECT_EQ(winners.front().baseline_ns, 200);
  EXPECT_TRUE(theirs.winners({}).empty()) << "imported rows win only where they are named";
}

// Files of earlier versions lack the last columns.
TEST_F(ExportTest, AnOlderFileIsRead) {
  Store ours = store();
  add_run(ours);
  const std::string text = csv(path());
  const auto without = [&](std::size_t columns) {
    CsvReader reader(text, "x.csv");
    std::vector<std::string> cells;
    std::string older;
    while (reader.next(cells)) {
      cells.resize(cells.size() - columns);
      older += csv_record(cells);
    }
    return older;
  };
  EXPECT_EQ(import(without(3), folder_ / "energies.db").trials, 6);
  EXPECT_EQ(import(without(4), folder_ / "newer.db").trials, 6);
  std::string older = without(7);
  EXPECT_EQ(import(older, other_path()).trials, 6);
  const Store theirs = Store::open(other_path(), Store::Mode::read_only);
  for (const Trial& trial : theirs.trials({})) EXPECT_EQ(trial.context.code.verdict_digest, "");
  EXPECT_EQ(theirs.winners({.source = "imported"}).size(), 1u);
  const std::size_t cut = older.find(",commit_id\n");
  ASSERT_NE(cut, std::string::npos);
  EXPECT_NE(refusal_of(older.erase(cut, 10)).find("line 1"), std::string::npos);
}

TEST_F(ExportTest, ImportingAgainOrBackAddsNothing) {
  Store ours = store();
  add_run(ours);
  const std::string text = csv(path());
  import(text, other_path());
  for (const std::string& into : {other_path(), path()}) {
    const std::string before = csv(into);
    const Imported again = import(text, into);
    EXPECT_EQ(again.runs, 0);
    EXPECT_EQ(again.trials, 0);
    EXPECT_EQ(again.known, 6);
    EXPECT_EQ(csv(into), before);
  }
}

TEST_F(ExportTest, PartsOfARunAddUp) {
  Store ours = store();
  const std::int64_t run = ours.begin_run(run_info());
  ours.append(run, TrialKind::search, context("simt"), "a=1", ok(1));
  ours.append(run, TrialKind::search, context("mma"), "a=1", ok(2));
  ours.append_race(run, {{context("mma"), "a=1", ok(2)}, {context("simt"), "a=1", ok(3)}}, 1);
  for (const char* kernel : {"simt", "mma"}) {
    Filter filter;
    filter.kernel = kernel;
    EXPECT_EQ(import(csv_of(shared_trials(path(), filter)), other_path()).trials, 2);
  }
  EXPECT_EQ(import(csv(path()), other_path()).trials, 0);
  SQLite::Database database(other_path());
  EXPECT_EQ(database.execAndGet("SELECT count(*) FROM run").getInt(), 1);
  EXPECT_EQ(database.execAndGet("SELECT count(*) FROM race").getInt(), 1);
  EXPECT_EQ(database.execAndGet("SELECT count(*) FROM finalist").getInt(), 2);
}

TEST_F(ExportTest, ARunThatEndedSinceIsContinued) {
  Store ours = store();
  const std::int64_t run = ours.begin_run(run_info());
  ours.append(run, TrialKind::search, context(), "a=1", ok(1));
  import(csv(path()), other_path());
  ours.append(run, TrialKind::search, context(), "a=2", ok(2));
  ours.end_run(run, RunEnd::finished);
  const Imported rest = import(csv(path()), other_path());
  EXPECT_EQ(rest.runs, 0);
  EXPECT_EQ(rest.trials, 1);
  EXPECT_EQ(csv(other_path()), as_imported(csv(path())));
}

TEST_F(ExportTest, TrialsThatAreAlikeAreCounted) {
  Store ours = store();
  const std::int64_t run = ours.begin_run(run_info());
  for (int i = 0; i < 3; ++i) ours.append(run, TrialKind::search, context(), "a=1", ok(1));
  execute("UPDATE trial SET created = '2026-01-01T00:00:00.000Z'");
  EXPECT_EQ(import(csv(path()), other_path()).trials, 3);
  EXPECT_EQ(import(csv(path()), other_path()).known, 3);
}

TEST_F(ExportTest, WhatTheCpuDeviceSaysIsLeftOut) {
  Store ours = store();
  RunInfo info = run_info();
  info.context.situation.source = Source::cpu;
  ours.append(ours.begin_run(info), TrialKind::search, info.context, "a=1", ok(1));
  const Imported imported = import(csv(path()), other_path());
  EXPECT_EQ(imported.trials, 0);
  EXPECT_EQ(imported.cpu, 1);
}

// Makes any values that the database can hold.
class Anything {
 public:
  explicit Anything(unsigned seed) : random_(seed) {}
  std::size_t below(std::size_t bound) { return random_() % bound; }
  double number() {
    constexpr double numbers[] = {
        0,    -0.0,    0.1,     1.0 / 3, 1e-300,
        1e15, 1e300,   5e-324,  -1.5,    123456789.123456789,
        1e22, 9.5e-10, 1.0e-05, 100,     std::numeric_limits<double>::max()};
    return numbers[below(std::size(numbers))];
  }
  std::string prose() {
    constexpr const char* parts[] = {"\"",   "\n", ",",
                                     "\r\n", "\r", "\xC3\xA9\xE2\x82\xAC",
                                     " ",    "'",  "; DROP TABLE trial; --",
                                     "\t",   "x",  "\"\"",
                                     "\\"};
    std::string text;
    for (std::size_t i = below(6); i > 0; --i) text += parts[below(std::size(parts))];
    return text;
  }
  std::string name() {
    constexpr const char* names[] = {"simt",
                                     "a,b",
                                     "\"quoted\"",
                                     "\xC3\xBC"
                                     "ber",
                                     "it's",
                                     " x "};
    return names[below(std::size(names))];
  }
  Measurement measurement() {
    Measurement m;
    m.outcome = static_cast<Outcome>(below(7));
    m.note = prose();
    for (std::size_t i = below(4); i > 0; --i) m.samples_ns.push_back(number());
    m.compile_ms = number();
    m.registers = static_cast<int>(below(256));
    m.spill_bytes = std::numeric_limits<std::int64_t>::max();
    m.smem_bytes = -1;
    m.error_ulps = below(4) ? number() : std::numeric_limits<double>::infinity();
    m.timer = name();
    for (std::size_t i = below(3); i > 0; --i) m.metrics[prose() + name()] = number();
    return m;
  }

 private:
  std::mt19937 random_;
};

TEST_F(ExportTest, AnyValuesComeBackExactly) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    SCOPED_TRACE(seed);
    const TemporaryFolder folder;
    const std::string from = folder / "from.db", into = folder / "into.db";
    Anything any(seed);
    Store ours = Store::open(from, Store::Mode::read_write);
    for (std::size_t runs = 1 + any.below(3); runs > 0; --runs) {
      RunInfo info = run_info();
      info.seed = ~std::uint64_t{0} - runs;
      info.command = any.prose();
      info.context.situation.toolchain = any.name();
      const std::int64_t run = ours.begin_run(info);
      for (std::size_t i = 1 + any.below(5); i > 0; --i) {
        const auto kind = any.below(4) ? TrialKind::search : TrialKind::baseline;
        ours.append(run, kind, context(any.name()), any.name(), any.measurement());
      }
      for (std::size_t races = any.below(3); races > 0; --races) {
        std::vector<Store::Finalist> ranking;
        for (std::size_t i = 1 + any.below(4); i > 0; --i) {
          ranking.push_back({context(any.name()), any.name(), any.measurement()});
        }
        ours.append_race(run, ranking, any.below(ranking.size()) + 1);
      }
      if (any.below(2)) ours.end_run(run, RunEnd::finished, any.name());
    }
    const std::string text = csv(from);
    import(text, into);
    EXPECT_EQ(csv(into), as_imported(text));
    EXPECT_EQ(import(text, into).trials, 0);
    EXPECT_EQ(import(csv(into), into).trials, 0);
  }
}

TEST_F(ExportTest, AMalformedFileIsOneLineAndChangesNothing) {
  Store ours = store();
  add_run(ours);
  const std::string text = csv(path());
  const std::pair<const char*, const char*> cells[] = {{"source", "mine"},
                                                       {"kind", "walk"},
                                                       {"op", ""},
                                                       {"kernel", "a\nb"},
                                                       {"outcome", "fine"},
                                                       {"samples_ns", "[1,"},
                                                       {"samples_ns", "[1,nan]"},
                                                       {"samples_ns", "[1e999]"},
                                                       {"median_ns", "7"},
                                                       {"median_ns", ""},
                                                       {"compile_ms", "nan"},
                                                       {"registers", "1.5"},
                                                       {"registers", "3000000000"},
                                                       {"metrics", "[]"},
                                                       {"metrics", "{\"a\":\"b\"}"},
                                                       {"l2", "hot"},
                                                       {"protocol", ""},
                                                       {"device", "{"},
                                                       {"seed", "-1"},
                                                       {"run_kernel", ""}};
  for (const auto& [column, value] : cells) {
    const std::string refused = refusal_of(with_cell(text, column, value));
    EXPECT_NE(refused.find("x.csv: line 2: " + std::string(column)), std::string::npos)
        << column << ": " << refused;
    EXPECT_NE(refused.find("correct it, or export it again"), std::string::npos) << refused;
  }
  EXPECT_NE(refusal_of(with_cell(text, "race_rank", "1")).find("belong together"),
            std::string::npos);
  EXPECT_NE(refusal_of("").find("x.csv: line 1: is not the header"), std::string::npos);
  EXPECT_NE(refusal_of("a,b\n1,2\n").find("column 1 is 'a', not 'source'"), std::string::npos);
  EXPECT_NE(refusal_of(text + "measured,search\n").find("line 8: has 2 fields"), std::string::npos);
  EXPECT_NE(refusal_of(text + "\"open").find("line 8 has a quote that is never closed"),
            std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(other_path()));
}

TEST_F(ExportTest, RandomDamageIsRefusedOrImported) {
  Store ours = store();
  add_run(ours);
  const std::string text = csv(path());
  std::mt19937 random(5);
  for (int i = 0; i < 500; ++i) {
    std::string changed = text;
    for (int j = 0; j < 2; ++j) {
      changed[random() % changed.size()] = "0{}[]\",:-9ae.\n"[random() % 14];
    }
    if (i % 5 == 0) changed.resize(random() % changed.size());
    try {
      trials_from_csv(changed, "x.csv");
    } catch (const Error& error) {
      EXPECT_TRUE(std::string(error.what()).starts_with("x.csv: line ")) << error.what();
    }
  }
}

TEST_F(ExportTest, AFailureHalfWayChangesNothing) {
  Store ours = store();
  add_run(ours);
  const std::string before = csv(path());
  std::vector<SharedTrial> trials = shared_trials(path(), {});
  for (SharedTrial& shared : trials) shared.run.command = "another run";
  trials.back().trial.measurement.compile_ms = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(import_trials(trials, path()), Error);
  EXPECT_EQ(csv(path()), before);
}

// ---- T4

TEST_F(ExportTest, T4HoldsTheLatestOfEachConfiguration) {
  Store ours = store();
  add_run(ours);
  add_run(ours);
  std::int64_t left_out = 0;
  const Recording recording = recording_of(shared_trials(path(), {}), {}, left_out);
  EXPECT_EQ(left_out, 3);
  ASSERT_EQ(recording.trials.size(), 3u);
  EXPECT_EQ(text_of(recording.knobs, recording.trials[1].configuration), "a=2 b=false c=y");
  EXPECT_EQ(recording.trials[1].value_ns, 110);
  EXPECT_EQ(recording.trials[2].measurement.outcome, Outcome::faulted);
  EXPECT_EQ(recording.knobs[1].kind, Knob::Kind::boolean);
  EXPECT_EQ(recording.knobs[2].words, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(recording.device.sms, 132);
  ASSERT_TRUE(recording.baseline);
  EXPECT_EQ(recording.baseline->version, "13.0");
}

TEST_F(ExportTest, T4ComesBackTheSame) {
  RunInfo info = run_info();
  info.context.situation.device_limits = device_limits_of(emulated_device(90));
  Store ours = store();
  const std::int64_t run = ours.begin_run(info);
  Measurement odd = ok(1.0 / 3);
  odd.samples_ns = {1.0 / 3, 1e-300, 0.1};
  odd.note = "\"quoted\",\nnew line \xC3\xA9";
  odd.metrics = {{"x", 0.1}};
  ours.append(run, TrialKind::search, info.context, "a=1 b=x", odd);
  ours.append(run, TrialKind::search, info.context, "a=-7 b=y", failed(Outcome::timed_out, "slow"));
  Context library = info.context;
  library.code.kernel = "cublas";
  ours.append(run, TrialKind::baseline, library, "", ok(3));
  std::int64_t left_out = 0;
  const std::string text = recording_text(recording_of(shared_trials(path(), {}), {}, left_out));
  EXPECT_EQ(left_out, 0);
  const std::vector<SharedTrial> trials = trials_of(parse_recording(text, "x.t4.json"));
  EXPECT_EQ(import_trials(trials, other_path()).trials, 3);
  EXPECT_EQ(import_trials(trials, other_path()).known, 3);
  EXPECT_EQ(recording_text(recording_of(shared_trials(other_path(), {}), {}, left_out)), text);
  const Store theirs = Store::open(other_path(), Store::Mode::read_only);
  EXPECT_EQ(theirs.winners({.source = "imported"}).front().baseline, "cublas");
}

TEST_F(ExportTest, T4IsOfOneSearchSpace) {
  Store ours = store();
  const std::int64_t run = ours.begin_run(run_info());
  Context large = context();
  large.situation.problem += "0";  // contains the name of the other problem
  ours.append(run, TrialKind::search, context(), "a=1", ok(1));
  ours.append(run, TrialKind::search, large, "a=1", ok(2));
  std::int64_t left_out = 0;
  try {
    recording_of(shared_trials(path(), {}), {}, left_out);
    ADD_FAILURE() << "took two search spaces";
  } catch (const Error& error) {
    const std::string what = error.what();
    EXPECT_NE(what.find("these are 2: narrow them with --problem, or"), what.npos) << what;
    EXPECT_NE(what.find("k=640: simt on NVIDIA H200 (cold L2, measured)"), what.npos) << what;
  }
  Filter filter;
  filter.problem = context().situation.problem;
  const Recording one = recording_of(shared_trials(path(), filter), filter, left_out);
  EXPECT_EQ(one.problem, context().situation.problem);
  ASSERT_EQ(one.trials.size(), 1u);
  EXPECT_EQ(one.trials[0].value_ns, 1);
  filter.kernel = "none";
  EXPECT_TRUE(recording_of(shared_trials(path(), filter), filter, left_out).trials.empty());
}

TEST_F(ExportTest, FilesOfOthersAreNamedAsTheirReplayIs) {
  const Recording recording = parse_recording(
      R"({"results": [{"configuration": {"x": 1}, "times": {"runtimes": [2]}, "invalidity": "correct"},
          {"configuration": {"x": 2}, "invalidity": "compile"}]})",
      "some/where.t4.json");
  const std::vector<SharedTrial> trials = trials_of(recording);
  EXPECT_EQ(import_trials(trials, path()).trials, 2);
  EXPECT_EQ(import_trials(trials, path()).known, 2);
  const std::vector<Winner> winners = store().winners({.source = "imported"});
  ASSERT_EQ(winners.size(), 1u);
  EXPECT_EQ(winners[0].trial.context.situation.problem, "where.t4.json");
  EXPECT_EQ(winners[0].trial.context.situation.device_model, "the device of where");
  EXPECT_EQ(winners[0].trial.measurement.median_ns(), 2e6);
}

TEST_F(ExportTest, ARecordingMayNotNameThingsAnyhow) {
  Store ours = store();
  add_run(ours);
  std::int64_t left_out = 0;
  Recording recording = recording_of(shared_trials(path(), {}), {}, left_out);
  recording.path = "x.t4.json";
  const auto refused = [&](const Recording& changed) {
    try {
      trials_of(changed);
    } catch (const Error& error) {
      return std::string(error.what()).starts_with("x.t4.json: ");
    }
    return false;
  };
  EXPECT_FALSE(refused(recording));
  Recording kernel = recording, word = recording;
  kernel.kernel = "a\nb";
  word.knobs[2].words[0] = "a\nb";
  EXPECT_TRUE(refused(kernel));
  EXPECT_TRUE(refused(word));
}

}  // namespace
}  // namespace tw
