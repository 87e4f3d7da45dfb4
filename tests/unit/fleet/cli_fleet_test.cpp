// Searches on several workers, as users start them: lists of devices, commands, and ranks of MPI.
#include <nlohmann/json.hpp>

#include "unit/cli/fixture.h"

namespace tw {
namespace {

class CliFleet : public Cli {
 protected:
  CliFleet() { write_recording_of("gemm f32 m=64,n=64,k=64", "r.json.gz"); }

  // Returns what a search stored, trial by trial.
  std::string trials_of(const std::string& arguments, const std::string& before = "") {
    fs::remove(folder_ / "t.db");
    const Ran ran =
        tune(arguments + " --db t.db --budget 20 --in-flight 6 --race 0 --quiet", before);
    EXPECT_EQ(ran.code, 0) << ran.err;
    return stored();
  }
  // Returns the configurations of t.db, one a line, in the order in which they were stored.
  std::string stored() {
    const auto document = nlohmann::json::parse(tune("query trials --db t.db --json").out);
    std::string all;
    for (const auto& trial : document.at("trials")) all += trial.at("configuration").dump() + "\n";
    return all;
  }
  // Returns a command that starts `tune` again.
  std::string worker(const std::string& device) const {
    return " --workers \"'" + executable_ + "' worker --device " + device + "\"";
  }
  // Returns shell code that waits in the background for a condition, two minutes at most, and then
  // does something.
  static std::string once(const std::string& condition, const std::string& action) {
    return "{ (for i in $(seq 1200); do " + condition + " && { " + action +
           "; break; }; sleep 0.1; done) >/dev/null 2>&1 & }; ";
  }
  // Returns shell code that has workers hold all that they compile until the file `go` exists. So
  // no search ends before the file exists. A worker writes the file `held.N` as soon as it has a
  // job; N is its rank or its HOLDER.
  std::string holds() {
    const char* const compiler = std::getenv("CXX");
    write("holding", "#!/bin/sh\nfolder='" + folder_.string() + "' compiler='" +
                         (compiler && *compiler ? compiler : "g++") + R"('
case "$*" in
  *-dumpversion*) ;;
  *)
    : >"$folder/held.${OMPI_COMM_WORLD_RANK-$HOLDER}"
    while [ -d "$folder" ] && [ ! -e "$folder/go" ]; do sleep 0.05; done ;;
esac
exec "$compiler" "$@"
)");
    fs::permissions(folder_ / "holding", fs::perms::owner_all);
    return "export CXX='" + (folder_ / "holding").string() + "'; ";
  }
  static inline const std::string trial_is_stored =
      "[ \"$(sqlite3 -readonly t.db 'SELECT count(*) FROM trial' 2>/dev/null)\" -gt 0 ]";
};

const std::string replay = "--device replay:r.json.gz";

// One seed and one number of evaluations under way give one search.
TEST_F(CliFleet, ASearchIsTheSameForEveryNumberOfWorkers) {
  const std::string one = trials_of(replay);
  EXPECT_EQ(std::count(one.begin(), one.end(), '\n'), 20) << one;
  EXPECT_EQ(trials_of(replay + ",replay:r.json.gz,replay:r.json.gz"), one);
  EXPECT_EQ(trials_of(replay + worker("replay:r.json.gz") + worker("replay:r.json.gz")), one);
}

TEST_F(CliFleet, SaysHowManyWorkersMeasure) {
  const Ran ran = tune(replay + ",replay:r.json.gz --db t.db");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.out.find("2 workers"), std::string::npos) << ran.out;
}

TEST_F(CliFleet, AWorkerThatCannotBeReachedIsNamed) {
  const Ran ran = tune(replay + " --workers 'exit 7' --workers 'echo hello' --db t.db");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.err.find("the worker exit 7 is left out: it exited with 7"), std::string::npos)
      << ran.err;
  EXPECT_NE(ran.err.find("the worker echo hello is left out: it is no worker: it writes 'hello'"),
            std::string::npos)
      << ran.err;
  EXPECT_NE(ran.out.find("1 worker"), std::string::npos) << ran.out;
}

// The cpu device compiles and runs kernels, so that parts of jobs travel.
TEST_F(CliFleet, KernelsRunOnWorkers) {
  const Ran ran = tune("--op activation --shape 4x64 --device cpu,cpu" + worker("cpu") +
                       " --db t.db --budget 6 --json --quiet");
  ASSERT_EQ(ran.code, 0) << ran.err;
  const auto result = nlohmann::json::parse(ran.out).at("results").at(0);
  EXPECT_EQ(result.at("outcomes").at("ok"), 6) << result;
}

TEST_F(CliFleet, FaultsNameTheOption) {
  expect_fault(replay + ",cuda:0", {"--device replay:r.json.gz,cuda:0", "the same file"});
  expect_fault("--device cpu,gpu:0 --op gemm --shape 8x8x8", {"--device gpu:0", "one of"});
  expect_fault("--device all --op gemm --shape 8x8x8", {"--device all", "no GPU here"});
  expect_fault("--device cpu --in-flight 0 --op gemm --shape 8x8x8", {"--in-flight 0"});
  expect_fault("--device cpu --silence 4 --op gemm --shape 8x8x8", {"--silence 4", "5"});
  expect_fault("--workers 'exit 3' --op gemm --shape 8x8x8", {"exit 3", "exited with 3"});
  expect_fault("--device ,cpu --op gemm --shape 8x8x8", {"--device ,cpu", "missing"});
  expect_fault("worker --device gpu", {"--device gpu"});
}

// Times of a recording and of a live device are not mixed: the workers replay the same file.
TEST_F(CliFleet, WorkersOfARecordingReplayIt) {
  const std::string one = trials_of(replay);
  EXPECT_EQ(trials_of(replay + worker("cpu") + worker("cpu")), one);
}

// A worker is killed while the search goes on.
TEST_F(CliFleet, ASearchGoesOnWithoutAKilledWorker) {
  const std::string kills =
      "{ (for i in $(seq 600); do [ -s pid ] && break; sleep 0.1; done; sleep 0.5; "
      "kill -9 $(cat pid)) >/dev/null 2>&1 & }; ";
  const Ran ran =
      tune("--op activation --shape 4x64 --device cpu --workers \"echo \\$\\$ >pid; exec '" +
               executable_ + "' worker --device cpu\" --db t.db --budget 12 --race 0",
           kills);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.out.find("12 new"), std::string::npos) << ran.out << ran.err;
  EXPECT_NE(ran.err.find("is left out: it was killed by signal 9"), std::string::npos) << ran.err;
}

// A worker is stopped while the search goes on.
TEST_F(CliFleet, ASearchGoesOnWithoutAStoppedWorker) {
  const std::string search =
      "--op activation --shape 4x64 --device cpu --strategy random --db t.db --budget 16 "
      "--in-flight 6 --race 0 --no-baseline";
  const Ran ran = tune(search + " --silence 10 --workers \"echo \\$\\$ >pid; exec env HOLDER=1 '" +
                           executable_ + "' worker --device cpu\"",
                       holds() + once("[ -e held.1 ]", "kill -STOP $(cat pid); touch go"));
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.err.find("is left out: it was silent for 10 s"), std::string::npos) << ran.err;
  const int pid = std::stoi(text_of_file(folder_ / "pid"));
  EXPECT_NE(::kill(pid, 0), 0) << "a stopped worker ends, too";
  const std::string found = stored();
  EXPECT_EQ(std::count(found.begin(), found.end(), '\n'), 16) << found;
  fs::remove(folder_ / "t.db");
  ASSERT_EQ(tune(search).code, 0);
  EXPECT_EQ(found, stored()) << "each job is done once, and in the same order";
}

// Each worker tunes problems of its own.
TEST_F(CliFleet, AListIsSpreadProblemByProblem) {
  write("list.txt", "2x64\n4x32\n4x64\n8x16\n2x64\n");
  const Ran ran = tune(
      "--op activation --shapes list.txt --device cpu,cpu,cpu --db t.db --budget 4 --race 2 "
      "--log log.jsonl --json");
  ASSERT_EQ(ran.code, 0) << ran.err;
  const auto document = nlohmann::json::parse(ran.out);
  ASSERT_EQ(document.at("results").size(), 5u);
  EXPECT_EQ(document.at("results").at(2).at("problem"), "activation f32 rows=4,columns=64")
      << "in the order of the list";
  EXPECT_EQ(document.at("summary").at("winners"), 5);
  // Three problems begin before one ends.
  const std::string log = text_of_file(folder_ / "log.jsonl");
  std::istringstream lines(log);
  int under_way = 0, most = 0;
  for (std::string line; std::getline(lines, line);) {
    const auto event = nlohmann::json::parse(line);
    if (event.at("event") == "run") {
      most = std::max(most, ++under_way);
      EXPECT_TRUE(event.contains("worker")) << line;
    }
    if (event.at("event") == "end") --under_way;
  }
  EXPECT_EQ(most, 3) << log;
  // Lines name the problem that they are about.
  EXPECT_NE(ran.err.find(" of 5: the cpu device emulates"), std::string::npos) << ran.err;
}

// With fewer problems than workers all workers measure for each.
TEST_F(CliFleet, AShortListIsNotSpread) {
  write("list.txt", "2x64\n4x32\n");
  const Ran ran =
      tune("--op activation --shapes list.txt --device cpu,cpu,cpu --db t.db --budget 3 --race 0");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.out.find("3 workers"), std::string::npos) << ran.out;
}

TEST_F(CliFleet, AnotherWorkerTunesTheProblemOfAKilledOne) {
  write("list.txt", "2x64\n4x32\n4x64\n8x16\n2x32\n8x64\n");
  const std::string kills =
      "{ (for i in $(seq 600); do grep -qs '^1 of' err.txt && [ -s pid ] && break; sleep 0.1; done;"
      " kill -9 $(cat pid)) >/dev/null 2>&1 & }; ";
  const std::string list =
      "--op activation --shapes list.txt --db t.db --budget 12 --race 2 --device ";
  const std::string mortal =
      " --workers \"echo \\$\\$ >pid; exec '" + executable_ + "' worker --device cpu\"";
  const Ran ran = tune(list + "cpu" + mortal, kills);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.err.find("): it was killed by signal 9"), std::string::npos) << ran.err;
  EXPECT_NE(ran.out.find("6 of 6 problems have a winner"), std::string::npos) << ran.out;
}

// A worker's stdout carries answers, so nothing else may reach it.
TEST_F(CliFleet, AWorkerWithoutAParentEnds) {
  const Ran ran = tune("worker --device cpu </dev/null");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out.rfind("tilewright fleet\n", 0), 0u) << ran.out;  // how both ends begin
}

#ifdef TW_MPIEXEC
class CliMpi : public CliFleet {
 protected:
  // Returns shell code that sends a signal to a rank of tune_mpi().
  static std::string sends(const std::string& signal, int rank) {
    return "kill -" + signal + " $(cat rank." + std::to_string(rank) + ")";
  }
  // Returns shell code that kills a rank as soon as a trial is stored; none if none is.
  static std::string kills(int rank) { return once(trial_is_stored, sends("KILL", rank)); }
  // Runs tune-mpi with `ranks` ranks. `before` is shell code that runs first, `options` are
  // mpirun's. The files rank.0, rank.1, ... hold the processes.
  Ran tune_mpi(int ranks, const std::string& arguments, const std::string& options = "",
               const std::string& before = "") {
    const std::string command =
        "cd '" + folder_.string() + "' && " + before +
        " env CUDA_VISIBLE_DEVICES= OMPI_ALLOW_RUN_AS_ROOT=1 "
        "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1 ASAN_OPTIONS=detect_leaks=0 XDG_CACHE_HOME='" +
        (folder_ / "cache").string() +
        "' timeout 100 " TW_MPIEXEC
        " --oversubscribe --mca btl self,vader,tcp --mca btl_tcp_if_include lo -n " +
        std::to_string(ranks) + " " + options +
        R"( sh -c 'echo $$ >rank.$OMPI_COMM_WORLD_RANK; exec "$0" "$@"' ')" +
        built("tuner/mpi/tune-mpi") + "' " + arguments + " >out.txt 2>err.txt";
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text_of_file(folder_ / "out.txt"),
            text_of_file(folder_ / "err.txt")};
  }
  // Stops two ranks while a search goes on. One of them continues after it was left out, and what
  // it has measured by then is late. Expects the search of one worker.
  Ran tune_with_stopped_ranks(const std::string& options) {
    const std::string search =
        "--op activation --shape 4x64 --device cpu --strategy random --db t.db --budget 24 "
        "--in-flight 8 --race 0 --no-baseline";
    const std::string stops = sends("STOP", 2) + "; " + sends("STOP", 3) + "; touch go";
    const std::string stopped = once("[ -e held.2 ] && [ -e held.3 ]", stops);
    const std::string continues = once("grep -q 'rank 3.*is left out' err.txt", sends("CONT", 3));
    Ran ran = tune_mpi(4, search + " --silence 10", options, holds() + stopped + continues);
    EXPECT_NE(ran.out.find("24 new"), std::string::npos) << ran.out << ran.err;
    for (const std::string rank : {"rank 2", "rank 3"}) {
      const std::size_t at = std::min(ran.err.find("the worker " + rank), ran.err.size());
      EXPECT_NE(ran.err.find("is left out: it was silent for 10 s", at), std::string::npos)
          << ran.err;
    }
    const std::string found = stored();
    EXPECT_EQ(std::count(found.begin(), found.end(), '\n'), 24) << found;
    fs::remove(folder_ / "t.db");
    EXPECT_EQ(tune(search).code, 0);
    EXPECT_EQ(found, stored()) << "each job is done once, and in the same order";
    return ran;
  }
};

TEST_F(CliMpi, RanksGiveTheSameSearch) {
  const std::string one = trials_of(replay);
  for (const int ranks : {4, 16}) {
    fs::remove(folder_ / "t.db");
    const Ran ran = tune_mpi(ranks, replay + " --db t.db --budget 20 --in-flight 6 --race 0");
    EXPECT_EQ(ran.code, 0) << ran.err;
    EXPECT_NE(ran.out.find(std::to_string(ranks) + " workers"), std::string::npos) << ran.out;
    EXPECT_EQ(stored(), one);
  }
}

TEST_F(CliMpi, KernelsRunOnRanks) {
  const Ran ran =
      tune_mpi(4, "--op activation --shape 4x64 --device cpu --db t.db --budget 6 --json --quiet");
  ASSERT_EQ(ran.code, 0) << ran.err;
  const auto result = nlohmann::json::parse(ran.out).at("results").at(0);
  EXPECT_EQ(result.at("outcomes").at("ok"), 6) << result;
}

// "cuda" is a GPU for each rank, so a list is not refused as one that the cpu device cannot end.
TEST_F(CliMpi, ListsForGpusAreNotEstimatedForTheCpu) {
  write("list.txt", "gemm 4096x4096x4096\ngemm 8192x8192x8192\n");
  const Ran ran = tune_mpi(2, "--shapes list.txt --device cuda --db t.db");
  EXPECT_NE(ran.code, 0);
  EXPECT_NE(ran.err.find("the worker rank "), std::string::npos) << ran.err;
}

TEST_F(CliMpi, FaultsEndAllRanks) {
  const Ran ran = tune_mpi(4, "--device cpu,cpu --op gemm --shape 8x8x8");
  EXPECT_NE(ran.code, 0);
  EXPECT_NE(ran.err.find("--device cpu,cpu: MPI gives"), std::string::npos) << ran.err;
  EXPECT_EQ(tune_mpi(3, "--version").code, 0);
}

// A rank is killed while the search goes on.
TEST_F(CliMpi, WithRecoveryASearchGoesOnWithoutAKilledRank) {
  const Ran ran = tune_mpi(3,
                           "--op activation --shape 4x64 --device cpu --db t.db --budget 40 "
                           "--race 0 --no-baseline",
                           "--enable-recovery", kills(2));
  EXPECT_NE(ran.err.find("rank 2"), std::string::npos) << ran.err;
  EXPECT_NE(ran.err.find(" is left out: "), std::string::npos) << ran.err;
  EXPECT_NE(ran.out.find("40 new"), std::string::npos) << ran.out << ran.err;
}

// mpirun ends although a rank is still stopped, and all results are there.
TEST_F(CliMpi, ASearchGoesOnWithoutStoppedRanks) {
  EXPECT_NE(tune_with_stopped_ranks("").code, 124) << "the time is up";
}

TEST_F(CliMpi, WithRecoveryASearchGoesOnWithoutStoppedRanks) {
  EXPECT_EQ(tune_with_stopped_ranks("--enable-recovery").code, 0);
}

// The other ranks end by themselves, and another number of ranks goes on.
TEST_F(CliMpi, WithRecoveryTheRanksEndWithoutRank0) {
  const std::string search =
      "--op activation --shape 4x64 --device cpu --db t.db --race 0 --no-baseline --budget ";
  const Ran first =
      tune_mpi(3, search + "1000 --silence 10 --log log.jsonl", "--enable-recovery", kills(0));
  for (const std::string rank : {"rank 1", "rank 2"}) {
    EXPECT_NE(first.err.find(rank + " ends, because rank 0 is gone: silent for 10 s"),
              std::string::npos)
        << first.err;
  }
  EXPECT_NE(first.code, 124) << "the time is up";
  // The search logs what it is told after the trial is stored; a line may be cut short.
  const std::string log = text_of_file(folder_ / "log.jsonl");
  std::ptrdiff_t told = 0;
  for (std::size_t at = 0; (at = log.find("\"event\":\"tell\"", at)) != std::string::npos; ++at) {
    ++told;
  }
  const std::string trials = stored();
  const std::ptrdiff_t kept = std::count(trials.begin(), trials.end(), '\n');
  EXPECT_GT(kept, 0);
  EXPECT_GE(kept, told) << log;
  const Ran second = tune_mpi(2, search + "2");
  EXPECT_EQ(second.code, 0) << second.err;
  EXPECT_NE(second.out.find("2 new, " + std::to_string(kept) + " known"), std::string::npos)
      << second.out;
}

// Plain mpirun ends all ranks. What was stored stays, and another number of ranks goes on from it.
TEST_F(CliMpi, AKilledRankLosesNothingThatWasStored) {
  const std::string search =
      "--op activation --shape 4x64 --device cpu --db t.db --race 0 --no-baseline --budget ";
  const Ran first = tune_mpi(3, search + "200", "", kills(0));
  EXPECT_NE(first.code, 0) << first.out;
  const Ran second = tune_mpi(2, search + "2");
  EXPECT_EQ(second.code, 0) << second.err;
  EXPECT_NE(second.out.find("2 new, "), std::string::npos) << second.out;
  EXPECT_EQ(second.out.find("2 new, 0 known"), std::string::npos) << second.out;
}

// Resuming takes another number of ranks.
TEST_F(CliMpi, ARunIsResumed) {
  const Ran first = tune_mpi(3, replay + " --db t.db --budget 8 --quiet --race 0");
  EXPECT_EQ(first.code, 0) << first.err;
  const Ran second = tune_mpi(5, replay + " --db t.db --budget 8 --quiet --race 0");
  EXPECT_NE(second.out.find("8 new, 8 known"), std::string::npos) << second.out << second.err;
}
#endif

}  // namespace
}  // namespace tw
