// The built executable from the user's point of view: messages, exit codes, resuming, Ctrl-C.
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>

#include "db/store.h"
#include "unit/cli/fixture.h"
#include "unit/support/paths.h"

namespace tw {
namespace {

TEST_F(Cli, SaysWhatItIsAndHowToUseIt) {
  EXPECT_EQ(tune("--version").out.rfind("tilewright ", 0), 0u);
  const Ran help = tune("--help");
  EXPECT_EQ(help.code, 0);
  for (const char* word : {"run", "emit", "query", "compare", "merge", "export", "import", "ops",
                           "record", "doctor", "Examples:"}) {
    EXPECT_NE(help.out.find(word), std::string::npos) << word;
    if (std::string(word) == "Examples:") continue;
    const Ran of_command = tune(std::string(word) + " --help");
    EXPECT_EQ(of_command.code, 0);
    EXPECT_NE(of_command.out.find("Examples:"), std::string::npos) << word;
  }
}

TEST_F(Cli, ReplaysARecordingAndResumes) {
  write_recording_of("gemm f32 m=64,n=64,k=64", "toy.t4.json.gz");
  const std::string replay = std::string(gemm) + " --device replay:toy.t4.json.gz ";
  const Ran first = tune(replay + "--budget 1000 --strategy exhaustive");
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_NE(first.out.find("x=3 y=1"), std::string::npos) << first.out;
  EXPECT_NE(first.out.find("24 new, 0 known"), std::string::npos) << first.out;
  EXPECT_NE(first.out.find("1 faulted"), std::string::npos) << first.out;
  EXPECT_NE(first.out.find("NVIDIA Toy"), std::string::npos) << first.out;
  EXPECT_NE(first.err.find("tune emit"), std::string::npos) << first.err;
  const Ran again = tune(replay);
  EXPECT_NE(again.out.find("0 new, 24 known"), std::string::npos) << again.out;
  const Ran winners = tune("query --csv");
  EXPECT_EQ(winners.code, 0);
  EXPECT_NE(winners.out.find("x=3 y=1"), std::string::npos) << winners.out;
  EXPECT_NE(winners.out.find("replayed"), std::string::npos) << winners.out;
  const Ran failed = tune("query trials --outcome faulted --json");
  EXPECT_NE(failed.out.find("illegal address"), std::string::npos) << failed.out;
  EXPECT_EQ(tune("query --op conv2d").code, 1);
}

TEST_F(Cli, EmitLeavesOutWinnersThatItCannotRead) {
  write_recording_of("gemm f32 m=64,n=64,k=64", "toy.t4.json.gz");
  ASSERT_EQ(tune(std::string(gemm) + " --device replay:toy.t4.json.gz --budget 24").code, 0);
  const Ran none = tune("emit --op gemm --source replayed --out tuned");
  EXPECT_EQ(none.code, 1);
  EXPECT_NE(none.err.find("left out the winner of gemm f32 m=64"), std::string::npos) << none.err;
  EXPECT_NE(none.err.find("only winners of earlier versions"), std::string::npos) << none.err;
  const Ran defaults = tune("emit --op gemm --source replayed --out tuned --defaults");
  EXPECT_EQ(defaults.code, 0) << defaults.err;
}

TEST_F(Cli, ReplayIsTheSameForTheSameSeed) {
  write_recording_of("gemm f32 m=64,n=64,k=64", "toy.t4.json.gz");
  const auto run = [&](const std::string& database) {
    const Ran ran = tune(std::string(gemm) +
                         " --device replay:toy.t4.json.gz --seed 7 --budget 12 "
                         "--quiet --db " +
                         database);
    EXPECT_EQ(ran.code, 0) << ran.err;
    std::vector<std::string> rows;
    const Store store = Store::open((folder_ / database).string(), Store::Mode::read_only);
    for (const Trial& trial : store.trials({})) {
      rows.push_back(trial.configuration + std::to_string(trial.measurement.median_ns()));
    }
    return rows;
  };
  EXPECT_EQ(run("a.db"), run("b.db"));
}

TEST_F(Cli, ARecordingAloneNamesItsProblem) {
  write_recording_of("gemm f32 m=64,n=64,k=64", "toy.t4.json.gz");
  const Ran ran = tune("--device replay:toy.t4.json.gz --json --quiet");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.out.find("\"problem\": \"gemm f32 m=64,n=64,k=64\""), std::string::npos) << ran.out;
  expect_fault("--op gemm --shape m=65,n=64,k=64 --device replay:toy.t4.json.gz",
               {"toy.t4.json.gz", "m=65"});
}

// A user's own op, from its files to a recording of it.
TEST_F(Cli, AForeignSpecRunsOnTheHostOnlyIfTrusted) {
  write("op.toml", R"toml(
[op]
name = "twice"
doc = "y = 2 x"
example = "tune --spec op.toml --shape n=1000"
dtypes = ["f32"]
flops = "n"
bytes = "2 * n * sizeof_t"
edge_shapes = ["n=1"]
[[dim]]
name = "n"
doc = "elements"
[[tensor]]
name = "x"
role = "in"
doc = "input"
shape = ["n"]
strides = ["1"]
[[tensor]]
name = "y"
role = "out"
doc = "output"
shape = ["n"]
strides = ["1"]
[tolerance]
f32 = "1"
)toml");
  write("simple.toml", R"toml(
[kernel]
doc = "one thread an element"
source = "simple.cuh"
needs = "true"
knobs = "type"
[[knob]]
name = "threads"
values = [64, 128]
doc = "threads a block"
[[launch]]
entry = "mine::kernel"
grid = ["ceil_div(n, threads)", "1", "1"]
block = ["threads", "1", "1"]
args = ["n", "x", "y"]
)toml");
  write("simple.cuh", R"cuda(
#pragma once
#include "common/epilogue.cuh"
namespace mine {
struct Knobs { int threads; };
template <class T, class V, class Epilogue>
__global__ void kernel(int count, const T* x, T* y) {
  const int i = static_cast<int>(blockIdx.x) * V::knobs.threads + static_cast<int>(threadIdx.x);
  if (i < count) y[i] = T(2) * x[i];
}
}
)cuda");
  const std::string own = "--spec op.toml --shape n=1000 --quiet ";
  expect_fault(own, {"--trust-code"});
  expect_fault(own + "--device cpu", {"--trust-code"});
  EXPECT_FALSE(fs::exists(folder_ / "tilewright.db"));
  const Ran ran = tune(own + "--device cpu --trust-code");
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  EXPECT_NE(ran.out.find("2 new, 0 known: 2 ok"), std::string::npos) << ran.out;
  EXPECT_NE(ran.out.find("no reference"), std::string::npos) << ran.out;
  EXPECT_NE(ran.err.find("tune emit --spec op.toml"), std::string::npos) << ran.err;
  const Ran recorded = tune("record " + own + "--device cpu --trust-code --out twice.t4.json.gz");
  EXPECT_EQ(recorded.code, 0) << recorded.err;
  EXPECT_NE(recorded.out.find("2 configurations"), std::string::npos) << recorded.out;
  const Recording recording = read_recording((folder_ / "twice.t4.json.gz").string());
  EXPECT_EQ(recording.trials.size(), 2u);
  EXPECT_EQ(recording.op, "twice");
  const Ran replayed = tune(own + "--device replay:twice.t4.json.gz");
  EXPECT_EQ(replayed.code, 0) << replayed.err;
}

TEST_F(Cli, TunesTheKernelOfAT1File) {
  fs::copy(test_data("t1"), folder_, fs::copy_options::recursive);
  const std::string own = "--spec vector_add.json --device cpu --quiet ";
  expect_fault(own, {"--trust-code"});
  const Ran ran = tune(own + "--trust-code --budget 100");
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  EXPECT_NE(ran.out.find("10 new, 0 known: 10 ok"), std::string::npos) << ran.out;
  EXPECT_NE(ran.err.find("tune emit --spec vector_add.json"), std::string::npos) << ran.err;
}

TEST_F(Cli, EmitSaysWhichRowsItCouldTake) {
  write_recording_of("gemm f32 m=64,n=64,k=64", "toy.t4.json.gz");
  ASSERT_EQ(tune("--device replay:toy.t4.json.gz --quiet").code, 0);
  const Ran none = tune("emit --op gemm --out tuned");
  EXPECT_EQ(none.code, 1);
  EXPECT_NE(none.err.find("--source replayed"), std::string::npos) << none.err;
  EXPECT_FALSE(fs::exists(folder_ / "tuned"));
  EXPECT_EQ(tune("emit --op gemm --out tuned --db none.db").code, 1);
  EXPECT_FALSE(fs::exists(folder_ / "none.db"));
  const Ran defaults = tune("emit --op gemm --out tuned --defaults --db none.db");
  EXPECT_EQ(defaults.code, 0) << defaults.err;
  EXPECT_TRUE(fs::exists(folder_ / "tuned" / "gemm.cuh"));
}

TEST_F(Cli, MergeTakesOverWhatOthersMeasured) {
  {
    Store theirs = Store::open((folder_ / "theirs.db").string(), Store::Mode::read_write);
    RunInfo run;
    run.context = {{.op = "gemm",
                    .problem = "gemm f32 m=64,n=64,k=64",
                    .device_model = "NVIDIA H200",
                    .device_limits = "cc=90",
                    .driver = "580",
                    .toolchain = "NVRTC 13.0",
                    .epilogue = ""},
                   {.kernel = "simt", .source_digest = "d", .verdict_digest = "v"}};
    run.device_json = "{}";
    Measurement measurement;
    measurement.samples_ns = {1000};
    theirs.append(theirs.begin_run(run), TrialKind::search, run.context, "a=1", measurement);
  }
  const Ran merged = tune("merge theirs.db");
  EXPECT_EQ(merged.code, 0) << merged.err;
  EXPECT_EQ(merged.out, "theirs.db: trials 1 new, 0 known; runs 1 new\n");
  EXPECT_NE(tune("merge theirs.db --json").out.find("\"known\": 1"), std::string::npos);
  EXPECT_NE(tune("query --source imported").out.find("simt"), std::string::npos);
  expect_fault("merge", {"name a database"});
  expect_fault("merge none.db", {"none.db"});
  expect_fault("merge tilewright.db", {"another"});
}

TEST_F(Cli, ExportsAndImports) {
  write_recording_of("gemm f32 m=64,n=64,k=64", "toy.t4.json.gz");
  ASSERT_EQ(tune("--device replay:toy.t4.json.gz --quiet").code, 0);
  for (const std::string name : {"all.csv.gz", "toy.csv", "out.t4.json.gz"}) {
    SCOPED_TRACE(name);
    const Ran out = tune("export --kernel toy --out " + name);
    EXPECT_EQ(out.code, 0) << out.err;
    EXPECT_TRUE(out.out.starts_with("wrote " + name + ": ")) << out.out;
    const Ran in = tune("import " + name + " --db " + name + ".db");
    EXPECT_EQ(in.code, 0) << in.err;
    EXPECT_NE(in.out.find(" new, 0 known; runs 1 new\n"), std::string::npos) << in.out;
    const Ran again = tune("import " + name + " --json --db " + name + ".db");
    EXPECT_EQ(again.code, 0);
    EXPECT_NE(again.out.find("\"trials\": 0"), std::string::npos) << again.out;
    EXPECT_NE(tune("query --source imported --db " + name + ".db").out.find("x=3 y=1"),
              std::string::npos);
  }
  EXPECT_EQ(read_recording((folder_ / "out.t4.json.gz").string()).trials.size(), 24u);
  EXPECT_EQ(tune("import toy.t4.json.gz --db fresh.db").out,
            "toy.t4.json.gz: trials 24 new, 0 known; runs 1 new\n");
}

TEST_F(Cli, ExportAndImportSayWhatIsWrong) {
  write_recording_of("gemm f32 m=64,n=64,k=64", "toy.t4.json.gz");
  ASSERT_EQ(tune("--device replay:toy.t4.json.gz --quiet").code, 0);
  expect_fault("export", {"--out"});
  expect_fault("export --out trials.txt", {"trials.txt", ".csv or .t4.json"});
  expect_fault("export --out a.csv --source mine", {"--source"});
  expect_fault("export --out a.csv --db none.db", {"none.db"});
  expect_fault("export --out none/a.csv", {"none/a.csv", "cannot be written"});
  for (const char* name : {"a.csv", "a.t4.json"}) {
    const Ran none = tune(std::string("export --op conv2d --out ") + name);
    EXPECT_EQ(none.code, 1);
    EXPECT_EQ(none.out, "");
    EXPECT_FALSE(fs::exists(folder_ / name));
  }
  expect_fault("import", {"name a file"});
  expect_fault("import none.csv", {"none.csv"});
  expect_fault("import tilewright.db", {"tune merge"});
  ASSERT_EQ(tune("export --out good.csv").code, 0);
  write("bad.csv", text_of_file(folder_ / "good.csv") + "measured,search\n");
  const std::string before = tune("query trials --json").out;
  expect_fault("import bad.csv", {"bad.csv: line ", "has 2 fields", "export it again"});
  expect_fault("import bad.csv --db new.db", {"bad.csv: line "});
  EXPECT_EQ(tune("query trials --json").out, before);
  EXPECT_FALSE(fs::exists(folder_ / "new.db"));
}

TEST_F(Cli, OpsDescribesKernelsAndKnobs) {
  const Ran all = tune("ops");
  EXPECT_EQ(all.code, 0);
  EXPECT_NE(all.out.find("gemm"), std::string::npos);
  const Ran one = tune("ops gemm --shape 256x256x256");
  EXPECT_EQ(one.code, 0) << one.err;
  for (const char* part :
       {"simt", "layout", "alpha", "valid configurations", "bias_column", "last logsumexp"}) {
    EXPECT_NE(one.out.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(tune("ops gemm --json").out.front(), '{');
  expect_fault("ops gem", {"gemm"});
}

TEST_F(Cli, DoctorSaysWhatIsMissing) {
  const Ran ran = tune("doctor");
  EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
  for (const char* part : {"host compiler", "cache folder", "database", "--device auto"}) {
    EXPECT_NE(ran.out.find(part), std::string::npos) << part << "\n" << ran.out;
  }
}

// Starts tune on the cpu device, sends a signal when the first trial is stored, and expects tune to
// end within 2 s with its results.
TEST_F(Cli, CtrlCEndsWithTheBestSoFar) {
  const pid_t child = fork();
  if (child == 0) {
    if (chdir(folder_.c_str()) != 0) _exit(99);
    const int out = open("out.txt", O_WRONLY | O_CREAT, 0600);
    dup2(out, STDOUT_FILENO);
    dup2(open("err.txt", O_WRONLY | O_CREAT, 0600), STDERR_FILENO);
    setenv("XDG_CACHE_HOME", (folder_ / "cache").c_str(), 1);
    execl(executable_.c_str(), executable_.c_str(), "--op", "gemm", "--shape", "m=16,n=16,k=16",
          "--device", "cpu", "--budget", "100000", "--quiet", static_cast<char*>(nullptr));
    _exit(98);
  }
  const std::string path = (folder_ / "tilewright.db").string();
  const auto stored = [&] {
    try {
      Filter ok;
      ok.outcome = Outcome::ok;
      return Store::open(path, Store::Mode::read_only).trials(ok).size();
    } catch (const std::exception&) {
      return std::size_t{0};  // the database does not exist yet
    }
  };
  for (int i = 0; i < 600 && stored() == 0; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
  }
  ASSERT_GT(stored(), 0u);
  const auto before = std::chrono::steady_clock::now();
  kill(child, SIGINT);
  int status = 0;
  waitpid(child, &status, 0);
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::seconds(2));
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_NE(text_of_file(folder_ / "out.txt").find("interrupted"), std::string::npos);
  EXPECT_GT(stored(), 0u);
}

TEST_F(Cli, ExplainsAWinner) {
  write_recording_of("gemm f32 m=64,n=64,k=64", "toy.t4.json.gz");
  ASSERT_EQ(tune(std::string(gemm) + " --device replay:toy.t4.json.gz --strategy exhaustive").code,
            0);
  const Ran said = tune("explain");
  EXPECT_EQ(said.code, 0) << said.err;
  EXPECT_NE(said.out.find("winner     toy: x=3 y=1"), std::string::npos) << said.out;
  EXPECT_NE(said.out.find("unknown: it has no counters"), std::string::npos) << said.out;
  EXPECT_NE(said.out.find("runner-up  toy with "), std::string::npos) << said.out;
  EXPECT_NE(said.out.find("knobs that matter, from 23 trials of toy"), std::string::npos)
      << said.out;
  const Ran json = tune("explain --op gemm --json");
  EXPECT_NE(json.out.find("\"knob\": \"x\""), std::string::npos) << json.out;
  EXPECT_NE(json.out.find("\"bottleneck\": null"), std::string::npos) << json.out;
  EXPECT_EQ(tune("explain --problem nothing").code, 1);
}

TEST_F(Cli, RechecksWinnersUnderAnotherCompiler) {
  expect_fault("recheck --device cpu --db none.db", {"none.db"});
  EXPECT_FALSE(fs::exists(folder_ / "none.db"));
  const std::string search =
      "--op gemm --shape m=16,n=16,k=16 --kernel simt --device cpu --budget 2 --quiet";
  ASSERT_EQ(tune(search).code, 0);
  const Ran same = tune("recheck --device cpu --quiet");
  EXPECT_EQ(same.code, 0) << same.err;
  const Ran misspelt = tune("recheck --device cpu --quiet --problem m=17");
  EXPECT_EQ(misspelt.code, 1);
  EXPECT_NE(misspelt.err.find("no such winners"), std::string::npos) << misspelt.err;
  EXPECT_NE(same.out.find("0 rechecked, 0 flipped, 0 changed; 1 measured under it before"),
            std::string::npos)
      << same.out;
  const auto change = [this](const std::string& sql) {
    const std::string command = "sqlite3 '" + (folder_ / "tilewright.db").string() + "' \"" + sql;
    ASSERT_EQ(std::system((command + "\"").c_str()), 0);
  };
  change("UPDATE context SET toolchain = 'another'");
  // The test does not check which of two configurations is faster in an emulation.
  const Ran rechecked = tune("recheck --device cpu --quiet");
  EXPECT_NE(rechecked.out.find("1 rechecked"), std::string::npos) << rechecked.out;
  EXPECT_EQ(rechecked.code, rechecked.out.find(" 0 flipped") == std::string::npos ? 1 : 0);
  EXPECT_NE(tune("recheck --device cpu --quiet").out.find("0 rechecked"), std::string::npos)
      << "its race counts for this compiler now";
  change(
      "UPDATE context SET source_digest = 'another', toolchain = 'third' "
      "WHERE id = (SELECT max(id) FROM context)");
  const Ran changed = tune("recheck --device cpu --quiet --json");
  EXPECT_EQ(changed.code, 1);
  EXPECT_NE(changed.out.find("\"verdict\": \"changed\""), std::string::npos) << changed.out;
  EXPECT_NE(changed.out.find("kernel simt has changed: tune it again"), std::string::npos);
}

}  // namespace
}  // namespace tw
