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
  for (const auto& entry : fs::directory_iterator(folder_)) {
    EXPECT_FALSE(entry.path().filename().string().starts_with("tilewright-capture")) << "is left";
  }
}

TEST_F(CliCapture, TheListIsOneForShapes) {
  write_program(0);
  ASSERT_EQ(tune("capture --out list.txt -- ./program").code, 0);
  // The list is read before the database.
  EXPECT_EQ(tune("select --shapes list.txt").err, "tune: tilewright.db is not there: tune first\n");
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
  EXPECT_NE(ran.err.find("no library wrote a log"), std::string::npos) << ran.err;
  EXPECT_EQ(list(), "# tune capture: true\n");
}

TEST_F(CliCapture, ASignalOfTheProgramIsSaid) {
  const Ran ran = tune("capture -- sh -c 'kill -TERM $$'");
  EXPECT_EQ(ran.code, 128 + SIGTERM);
  EXPECT_NE(ran.err.find("tune: the program was ended by signal 15 (Terminated)"),
            std::string::npos)
      << ran.err;
}

TEST_F(CliCapture, ReadsLogsThatAreThere) {
  const Ran ran =
      tune("capture --out - --logs " + data("cublas.log") + " --logs " + data("cudnn.log"));
  EXPECT_EQ(ran.code, 0) << ran.err;
  EXPECT_NE(ran.out.find("conv2d n=8,c=64,h=28,w=28,k=128,r=3,s=3,pad=1 layout=nhwc dtype=bf16 "
                         "count=1\n"),
            std::string::npos)
      << ran.out;
  EXPECT_NE(ran.err.find("from 2 logs"), std::string::npos) << ran.err;
  EXPECT_FALSE(fs::exists(folder_ / "captured.txt"));
  write("none.log", "I! cuBLAS (v13.1.0) function cublasStatus_t cublasSaxpy_v2() called:\n");
  EXPECT_EQ(tune("capture --logs none.log").code, 1) << "no problem";
}

TEST_F(CliCapture, FaultsNameTheRemedy) {
  write("text.log", "nothing\n");
  fs::create_directory(folder_ / "full");
  write("full/x", "x");
  expect_fault("capture", {"no program: for example tune capture -- ./program"});
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
