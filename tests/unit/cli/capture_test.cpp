// tune capture: a program that writes logs where the environment says, and logs that are there.
#include <csignal>
#include <nlohmann/json.hpp>

#include "unit/cli/fixture.h"
#include "unit/support/paths.h"

namespace tw {
namespace {

using nlohmann::json;

class CliCapture : public Cli {
 protected:
  // Writes a script that logs a product to cuBLAS's file, prints, and ends with an exit code.
  void write_program(int exit_code) {
    write("head.log", text_of_file(source_path("tests/data/capture/cublas.log")));
    write("program",
          "#!/bin/sh\n"
          "echo \"to stdout: $*\"\n"
          "echo 'to stderr' >&2\n"
          "file=$(echo \"$CUBLAS_LOGDEST_DBG\" | sed \"s/%i/$$/\")\n"
          "test \"$CUBLAS_LOGINFO_DBG\" = 1 && cat head.log >\"$file\"\n"
          "exit " +
              std::to_string(exit_code) + "\n");
    fs::permissions(folder_ / "program", fs::perms::owner_all);
  }
  // Returns the temporary folder of logs, with TMPDIR=. ; empty if there is none.
  std::string log_folder() const {
    for (const auto& entry : fs::directory_iterator(folder_)) {
      if (entry.path().filename().string().starts_with("tilewright-capture")) return entry.path();
    }
    return "";
  }
  std::string list(const std::string& name = "captured.txt") const {
    return text_of_file(folder_ / name);
  }
  static std::string data(const std::string& name) {
    return "'" + source_path("tests/data/capture/" + name) + "'";
  }
};

TEST_F(CliCapture, ListsWhatAProgramAsksFor) {
  write_program(0);
  const Ran ran = tune("capture -- ./program --flag 'two words'", "TMPDIR=. ");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "to stdout: --flag two words\n");
  for (const char* part :
       {"to stderr\n", "captured.txt: ", " problems, ", "from 1 log, ",
        "gemm m=512,n=1024,k=256 layout=nt dtype=bf16", "not in the list: ", "cublasSgemv_v2"}) {
    EXPECT_NE(ran.err.find(part), std::string::npos) << "no '" << part << "' in: " << ran.err;
  }
  EXPECT_TRUE(list().starts_with("# tune capture: ./program --flag two words\n")) << list();
  EXPECT_NE(list().find("\ngemm m=200,n=300,k=100 layout=tn dtype=f32 count=3\n"),
            std::string::npos)
      << list();
  EXPECT_EQ(log_folder(), "") << "is left";
}

TEST_F(CliCapture, TheListIsOneForShapes) {
  write_program(0);
  ASSERT_EQ(tune("capture --out list.txt -- ./program").code, 0);
  // The list is read before the database.
  EXPECT_EQ(tune("select --shapes list.txt").err, "tune: tilewright.db is not there: tune first\n");
  write("list.txt", list("list.txt") + "gemm m=0\n");
  expect_fault("select --shapes list.txt", {"list.txt:", "m"});
}

TEST_F(CliCapture, TheProgramsExitCodePassesThrough) {
  write_program(5);
  const Ran ran = tune("capture --keep-logs logs --json -- ./program");
  EXPECT_EQ(ran.code, 5);
  EXPECT_NE(ran.err.find("tune: the program ended with exit code 5"), std::string::npos) << ran.err;
  const std::string out = ran.out.substr(ran.out.find('{'));
  const json document = json::parse(out);
  EXPECT_EQ(document.at("exit_code"), 5);
  EXPECT_EQ(document.at("list"), "captured.txt");
  EXPECT_EQ(document.at("logs").at("files"), 1);
  EXPECT_FALSE(document.at("problems").empty());
  EXPECT_FALSE(document.at("not_listed").empty());
  EXPECT_FALSE(fs::is_empty(folder_ / "logs"));

  const Ran again = tune("capture --logs logs --out again.txt");
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_NE(again.out.find("again.txt: "), std::string::npos) << again.out;
  const auto problems = [](const std::string& text) { return text.substr(text.find('\n')); };
  EXPECT_EQ(problems(list()), problems(list("again.txt")));
}

TEST_F(CliCapture, AProgramWithoutLibrariesHasAnEmptyList) {
  const Ran ran = tune("capture -- true");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "");
  EXPECT_EQ(ran.err,
            "captured.txt: 0 problems, 0 calls; from 0 logs, 0 MB\n"
            "tune: no library wrote a log: the program called neither cuBLAS nor cuDNN, or sends "
            "their logs elsewhere\n");
  EXPECT_EQ(list(), "# tune capture: true\n");
  expect_fault("select --shapes captured.txt", {"captured.txt", "no problem"});
}

TEST_F(CliCapture, ALogWithoutProblemsHasAnEmptyList) {
  write("none.log",
        "I! cuBLAS (v13.1.0) function cublasStatus_t cublasSaxpy_v2(cublasHandle_t) called:\n"
        "i!Process=1; Thread=1; GPU=0; Handle=POINTER (IN HEX:0x(nil))\n");
  const Ran ran = tune("capture --logs none.log --json");
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.err,
            "tune: the list is empty: the logs have no call that an op of ours computes\n");
  const json document = json::parse(ran.out);
  EXPECT_TRUE(document.at("problems").empty());
  EXPECT_TRUE(document.at("exit_code").is_null()) << "no program ran";
  EXPECT_EQ(document.at("calls_not_listed"), 1);
  EXPECT_EQ(list(),
            "# tune capture: none.log\n"
            "# not in the list: 1 call of cublasSaxpy_v2: no op of ours computes it\n");
}

TEST_F(CliCapture, ASignalOfTheProgramIsSaid) {
  const Ran ran = tune("capture -- sh -c 'kill -TERM $$'");
  EXPECT_EQ(ran.code, 128 + SIGTERM);
  EXPECT_NE(ran.err.find("tune: the program was ended by signal 15 (Terminated)"),
            std::string::npos)
      << ran.err;
}

TEST_F(CliCapture, TheProgramInheritsIgnoredSignals) {
  const Ran ran = tune("capture -- sh -c 'kill -INT $$; echo alive'", "trap '' INT; ");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.out, "alive\n");
}

// On stdout there is the list alone, which --shapes can read.
TEST_F(CliCapture, ReadsLogsThatAreThere) {
  const std::string logs = " --logs " + data("cublas.log") + " --logs " + data("cudnn.log");
  const Ran ran = tune("capture --out -" + logs);
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.out.find("conv2d n=8,c=64,h=28,w=28,k=128,r=3,s=3,pad=1 layout=nhwc dtype=bf16 "
                         "count=1\n"),
            std::string::npos)
      << ran.out;
  EXPECT_TRUE(ran.err.starts_with("20 problems, ")) << ran.err;
  EXPECT_NE(ran.err.find("from 2 logs"), std::string::npos) << ran.err;
  EXPECT_FALSE(fs::exists(folder_ / "captured.txt"));
  ASSERT_EQ(tune("capture" + logs).code, 0);
  EXPECT_EQ(ran.out, list());
}

TEST_F(CliCapture, NamesWhatItCannotRead) {
  fs::create_directories(folder_ / "logs/more");
  fs::copy(source_path("tests/data/capture/cublas.log"), folder_ / "logs/cublas_1.log");
  const Ran ran = tune("capture --logs logs");
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_EQ(ran.err,
            "tune: not read: logs/more: a folder in a folder of logs: add --logs with it\n");
  fs::remove(folder_ / "logs/cublas_1.log");
  EXPECT_EQ(tune("capture --logs logs").code, 1);
}

// A program may run for hours: what is wrong with --out is said before.
TEST_F(CliCapture, TheListsFileIsCheckedBeforeTheProgramRuns) {
  fs::create_directory(folder_ / "folder");
  write("captured.txt", "old\n");
  expect_fault("capture --out folder -- touch ran", {"--out folder: Is a directory: name a file"});
  expect_fault("capture --out none/x -- touch ran", {"--out none/x: No such file or directory"});
  expect_fault("capture --out /dev/null -- touch ran", {"--out /dev/null: Invalid argument"});
  expect_fault("capture --out '' -- touch ran", {"--out : No such file"});
  expect_fault("capture -- ./none", {"cannot run './none'"});
  EXPECT_FALSE(fs::exists(folder_ / "ran"));
  EXPECT_EQ(list(), "old\n");
}

// The list cannot be written at the end: nothing that the program did is lost.
TEST_F(CliCapture, ALateFaultKeepsTheLogs) {
  write_program(0);
  write("late", "#!/bin/sh\nmkdir captured.txt\n./program\n");
  fs::permissions(folder_ / "late", fs::perms::owner_all);
  const Ran ran = tune("capture --json -- ./late", "TMPDIR=. ");
  EXPECT_EQ(ran.code, 2);
  const json document = json::parse(ran.out.substr(ran.out.find('{')));
  EXPECT_TRUE(document.at("list").is_null());
  EXPECT_FALSE(document.at("problems").empty());
  const std::string folder = fs::canonical(log_folder()).string();
  EXPECT_NE(ran.err.find("tune: --out captured.txt: Is a directory; the program's logs are kept: "
                         "tune capture --logs " +
                         folder + " --out FILE\n"),
            std::string::npos)
      << ran.err;
  EXPECT_EQ(tune("capture --logs '" + folder + "' --out list.txt").code, 0);
  EXPECT_NE(list("list.txt").find("\ngemm "), std::string::npos);
  // A table goes to stderr.
  fs::remove_all(log_folder());
  fs::remove_all(folder_ / "captured.txt");
  const Ran table = tune("capture --keep-logs logs -- ./late");
  EXPECT_EQ(table.code, 2);
  EXPECT_NE(table.err.find("\ncalls "), std::string::npos) << table.err;
  EXPECT_NE(table.err.find("/logs --out FILE\n"), std::string::npos) << table.err;
}

TEST_F(CliCapture, AFullStdoutKeepsTheLogs) {
  write_program(0);
  // The list repeats the command line, and is longer than a buffer of stdout.
  write("full", "TMPDIR=. '" + executable_ + "' capture --out - -- ./program " +
                    std::string(20'000, 'x') + " >/dev/full\n");
  tune("--version; sh ./full");
  const std::string err = text_of_file(folder_ / "err.txt");
  ASSERT_NE(log_folder(), "") << err;
  EXPECT_NE(err.find("tune: --out -: No space left on device; the program's logs are kept: "),
            std::string::npos)
      << err;
}

// Ctrl-C ends the reading, and keeps the logs.
TEST_F(CliCapture, AnInterruptWhileLogsAreReadKeepsThem) {
  // The second file takes seconds to read. When the program has ended, a child interrupts tune.
  write("program",
        "#!/bin/sh\n"
        "logs=$(dirname \"$CUBLAS_LOGDEST_DBG\")\n"
        "cp cublas.log \"$logs/cublas_1.log\"\n"
        "yes | head -c 100000000 >\"$logs/long\"\n"
        "program=$$ tune=$PPID\n"
        "(while kill -0 $program 2>/dev/null; do sleep 0.01; done\n"
        " sleep 0.1; kill -INT $tune) >/dev/null 2>&1 &\n");
  fs::permissions(folder_ / "program", fs::perms::owner_all);
  write("cublas.log", text_of_file(source_path("tests/data/capture/cublas.log")));
  const Ran ran = tune("capture -- ./program", "TMPDIR=. ");
  EXPECT_EQ(ran.code, 2) << ran.err;
  ASSERT_NE(log_folder(), "");
  const std::string folder = fs::canonical(log_folder()).string();
  EXPECT_EQ(ran.err, "tune: interrupted; the program's logs are kept: tune capture --logs " +
                         folder + " --out FILE\n");
  EXPECT_FALSE(fs::exists(folder_ / "captured.txt")) << "of a part of the calls";
  fs::remove(fs::path(folder) / "long");
  EXPECT_EQ(tune("capture --logs '" + folder + "'").code, 0);
  EXPECT_NE(list().find("\ngemm "), std::string::npos);
}

TEST_F(CliCapture, FaultsNameTheRemedy) {
  write("text.log", "nothing\n");
  fs::create_directory(folder_ / "full");
  write("full/x", "x");
  expect_fault("capture", {"no program: for example tune capture -- ./program"});
  const std::string remedy = "put -- before the program: tune capture -- ";
  expect_fault("capture ./program --arg 1",
               {"'--arg' after a program", remedy + "./program --arg 1"});
  expect_fault("capture --out 'x y.txt' ./program a --json",
               {"put -- before the program: tune capture --out 'x y.txt' -- ./program a --json"});
  expect_fault("capture ./program -x", {remedy + "./program -x"});
  expect_fault("capture --otu x.txt -- ./program", {"unknown option --otu", "--out"});
  expect_fault("capture --otu x.txt ./program -x", {"unknown option --otu", "--out"});
  EXPECT_EQ(tune("capture --out x.txt true").code, 0) << "nothing can be mistaken";
  EXPECT_EQ(tune("capture --out=x.txt -- true --arg").code, 0);
  expect_fault("capture -- ./none", {"cannot run './none': No such file"});
  expect_fault("capture --logs none", {"none: No such file"});
  expect_fault("capture --logs text.log", {"--logs text.log: no line of a log of cuBLAS"});
  expect_fault("capture --logs text.log -- true", {"leave the program out"});
  expect_fault("capture --keep-logs full -- true", {"--keep-logs full: is not empty"});
  expect_fault("capture --out - --json -- true", {"give --out a file"});
  expect_fault("capture --out none/list.txt --logs " + data("cublas.log"),
               {"--out none/list.txt: No such file"});
}

}  // namespace
}  // namespace tw
