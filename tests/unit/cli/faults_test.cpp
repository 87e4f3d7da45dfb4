// Faults of the user and of the machine: each gives one clear line and exit code 2, and does no
// damage.
#include <SQLiteCpp/SQLiteCpp.h>

#include <nlohmann/json.hpp>

#include "unit/cli/fixture.h"

namespace tw {
namespace {

TEST_F(Cli, UnknownWordsNameTheNearest) {
  expect_fault("querry", {"unknown command 'querry'", "query"});
  expect_fault("--opp gemm", {"unknown option --opp", "--op"});
  expect_fault("query --lmit 3", {"--limit"});
  expect_fault("", {"--op", "--help"});
  expect_fault("__worker nonsense", {"nonsense"});
}

TEST_F(Cli, FaultsOfTheProblem) {
  expect_fault("--op gem --shape m=1,n=1,k=1", {"gem", "gemm"});
  expect_fault("--shape m=1,n=1,k=1", {"--op"});
  expect_fault("--op gemm", {"--shape"});
  expect_fault("--op gemm --shape m=64,n=64", {"k"});
  expect_fault("--op gemm --shape m=64,n=64,k=64,k=64", {"k", "twice"});
  expect_fault("--op gemm --shape m=0,n=64,k=64", {"m=0"});
  expect_fault("--op gemm --shape m=-4,n=64,k=64", {"m=-4"});
  expect_fault("--op gemm --shape m=99999999999999999999,n=64,k=64", {"m="});
  expect_fault("--op gemm --shape m=4000000000,n=64,k=64", {"m="});
  expect_fault("--op gemm --shape m=4x,n=64,k=64", {"m=4x"});
  expect_fault("--op gemm --shape mm=64,n=64,k=64", {"mm"});
  expect_fault("--op gemm --shape 64x64", {"64x64"});
  expect_fault(std::string(gemm) + " --dtype f13", {"f13", "f16"});
  expect_fault(std::string(gemm) + " --layout zz", {"zz", "nn"});
  expect_fault(std::string(gemm) + " --math f7", {"f7"});
  expect_fault(std::string(gemm) + " --epilogue wobble", {"wobble"});
  expect_fault(std::string(gemm) + ",beta=1 --epilogue max", {"beta=1", "leave beta at 0"});
  expect_fault(std::string(gemm) + " --align 3", {"3"});
  expect_fault(std::string(gemm) + " --shape m=1,n=1,k=1", {"--shape", "twice"});
  expect_fault(std::string(gemm) + " --device cpu --kernel smit", {"smit", "simt"});
  EXPECT_FALSE(fs::exists(folder_ / "tilewright.db"));
}

TEST_F(Cli, FaultsOfOptions) {
  expect_fault(std::string(gemm) + " --budget 0", {"--budget 0"});
  expect_fault(std::string(gemm) + " --budget 2d", {"--budget 2d"});
  expect_fault(std::string(gemm) + " --strategy best", {"best", "local", "random", "exhaustive"});
  expect_fault(std::string(gemm) + " --seed x", {"--seed x"});
  expect_fault(std::string(gemm) + " --l2 hot", {"--l2 hot", "cold"});
  expect_fault(std::string(gemm) + " --device tpu", {"--device tpu", "cuda:N"});
  expect_fault(std::string(gemm) + " --device cuda:x", {"--device cuda:x"});
  expect_fault("query --json --csv", {"--json", "--csv"});
  expect_fault("query --outcome fine", {"fine", "compile_failed"});
  expect_fault("query losers", {"losers", "winners"});
}

TEST_F(Cli, DevicesThatAreNotThere) {
  expect_fault(std::string(gemm) + " --device cuda:9", {"cuda"});
  expect_fault(std::string(gemm) + " --device cuda", {"cuda"});
  expect_fault(std::string(gemm) + " --device cpu:77", {"77"});
  expect_fault(std::string(gemm) + " --device replay:none.json", {"none.json"});
  EXPECT_FALSE(fs::exists(folder_ / "tilewright.db"));
}

TEST_F(Cli, ShapesThatAreTooLarge) {
  expect_fault("--op gemm --shape m=1000000,n=1000000,k=1000000 --device cpu",
               {"GiB", "smaller shape"});
  expect_fault("--op gemm --shape 4096x4096x4096 --device cpu",
               {"cpu device", "smaller shape", "--shape m="});
  EXPECT_FALSE(fs::exists(folder_ / "tilewright.db"));
}

TEST_F(Cli, ShapesFilesNameTheirLines) {
  write("shapes.txt", "# comment\n\ngemm 64x64x64\ngemm m=1,n=2 dtype=f32\n");
  expect_fault("--shapes shapes.txt", {"shapes.txt:4: ", "k"});
  write("shapes.txt", "gemm 64x64x64 colour=red\n");
  expect_fault("--shapes shapes.txt", {"shapes.txt:1: ", "colour=red"});
  write("shapes.txt", "64x64x64\n");
  expect_fault("--shapes shapes.txt", {"shapes.txt:1: ", "--op"});
  write("shapes.txt", "# nothing\n");
  expect_fault("--shapes shapes.txt", {"shapes.txt", "no problem"});
  write("shapes.txt", std::string("gemm m=64\0,n=64", 15));
  expect_fault("--shapes shapes.txt", {"shapes.txt: is not a text"});
  write("shapes.txt", "\xEF\xBB\xBFgemm 64x64\n");
  expect_fault("--shapes shapes.txt", {"shapes.txt:1: ", "64x64"});
  write("shapes.txt", "gemm 64x64x64 dtype\n");
  expect_fault("--shapes shapes.txt", {"shapes.txt:1: ", "unknown 'dtype'", "dtype="});
  write("shapes.txt", "gemm 64x64x64 dtype=f32 dtype=f16\n");
  expect_fault("--shapes shapes.txt", {"shapes.txt:1: ", "'dtype=' is given twice"});
  expect_fault("--shapes none.txt", {"none.txt"});
  expect_fault("--shapes .", {".: is a folder"});
}

TEST_F(Cli, SpecsThatCannotBeUsed) {
  expect_fault("--spec none/op.toml --shape m=1", {"none/op.toml"});
  write("op.toml", "[op\nname = 3");
  expect_fault("--spec op.toml --shape m=1", {"op.toml"});
}

TEST_F(Cli, DatabasesThatCannotBeUsed) {
  write_recording_of("gemm f32 m=64,n=64,k=64", "toy.t4.json.gz");
  const std::string replay = std::string(gemm) + " --device replay:toy.t4.json.gz --quiet ";
  expect_fault(replay + "--db .", {"."});
  expect_fault("query --db .", {"."});
  expect_fault("query --db none.db", {"none.db"});
  write("corrupt.db", std::string(8192, 'x'));
  const std::string before = text_of_file(folder_ / "corrupt.db");
  expect_fault(replay + "--db corrupt.db", {"corrupt.db"});
  EXPECT_EQ(text_of_file(folder_ / "corrupt.db"), before);
  expect_fault(replay + "--db /dev/null/x.db", {"/dev/null/x.db"});
}

TEST_F(Cli, AFullDiskIsOneLineAndKeepsWhatIsStored) {
  write_recording_of("gemm f32 m=64,n=64,k=64", "toy.t4.json.gz");
  const std::string replay = std::string(gemm) + " --device replay:toy.t4.json.gz --quiet ";
  ASSERT_EQ(tune(replay + "--budget 3 --race 0").code, 0);
  const auto stored = [&] {
    return Store::open((folder_ / "tilewright.db").string(), Store::Mode::read_only)
        .trials({})
        .size();
  };
  EXPECT_EQ(stored(), 3u);
  expect_fault(replay + "--fresh --budget 20", {"tilewright.db"}, "ulimit -f 8;");
  EXPECT_GE(stored(), 3u);
}

// Root may write everything, so the test then runs tune as nobody.
TEST_F(Cli, AReadOnlyDatabaseCanBeQueriedButNotWritten) {
  const bool root = geteuid() == 0;
  const std::string nobody =
      root ? "setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs" : "";
  fs::permissions(folder_, fs::perms(0755));
  const Ran probe = tune("--version", nobody);
  if (probe.code != 0) GTEST_SKIP() << "cannot run " + executable_ + " as nobody: " << probe.err;
  write_recording_of("gemm f32 m=64,n=64,k=64", "toy.t4.json.gz");
  const std::string replay = std::string(gemm) + " --device replay:toy.t4.json.gz --quiet ";
  ASSERT_EQ(tune(replay).code, 0);
  fs::permissions(folder_ / "tilewright.db", fs::perms(0444));
  fs::permissions(folder_, fs::perms(root ? 0755 : 0555));
  const std::string before = text_of_file(folder_ / "tilewright.db");
  expect_fault(replay, {"tilewright.db", "cannot be written"}, nobody);
  const Ran query = tune("query", nobody);
  EXPECT_EQ(query.code, 0) << query.err;
  EXPECT_EQ(text_of_file(folder_ / "tilewright.db"), before);
  fs::permissions(folder_, fs::perms(0755));
}

TEST_F(Cli, TextOfOthersDoesNotSteerTheTerminal) {
  write_recording_of("gemm f32 m=64,n=64,k=64", "toy.t4.json.gz");
  ASSERT_EQ(tune(std::string(gemm) + " --device replay:toy.t4.json.gz --quiet").code, 0);
  SQLite::Database(folder_ / "tilewright.db", SQLite::OPEN_READWRITE)
      .exec(
          "UPDATE context SET device_model = device_model || char(27) || '[31m'; "
          "UPDATE trial SET note = char(27) || '[2J' || char(10) || 'a second line'");
  for (const char* command :
       {"query", "query trials", "explain", "emit --op gemm --out . --source replayed",
        "export --out a.t4.json"}) {
    SCOPED_TRACE(command);
    const Ran ran = tune(command);
    EXPECT_LE(ran.code, 1) << ran.err;
    EXPECT_EQ((ran.out + ran.err).find('\x1b'), std::string::npos) << ran.out << ran.err;
  }
  expect_fault("query --db '\x1b[31m'", {"?[31m"});
}

// JSON is UTF-8; names in file systems and databases need not be.
TEST_F(Cli, BytesThatAreNoTextAreStillJson) {
  write_recording_of("gemm f32 m=64,n=64,k=64", "toy.t4.json.gz");
  const std::string name = "\xff.db";
  const Ran ran =
      tune(std::string(gemm) + " --device replay:toy.t4.json.gz --quiet --json --db " + name);
  ASSERT_EQ(ran.code, 0) << ran.err;
  EXPECT_TRUE(nlohmann::json::accept(ran.out));
  SQLite::Database(folder_ / name, SQLite::OPEN_READWRITE)
      .exec("UPDATE context SET problem = problem || CAST(x'ff' AS TEXT)");
  for (const char* command : {"query", "query trials", "explain"}) {
    const Ran shown = tune(std::string(command) + " --json --db " + name);
    EXPECT_EQ(shown.code, 0) << shown.err;
    EXPECT_TRUE(nlohmann::json::accept(shown.out)) << shown.out;
  }
}

TEST_F(Cli, ADatabaseIsNotReplacedByAnExportOfIt) {
  write_recording_of("gemm f32 m=64,n=64,k=64", "toy.t4.json.gz");
  ASSERT_EQ(tune(std::string(gemm) + " --device replay:toy.t4.json.gz --quiet --db all.csv").code,
            0);
  expect_fault("export --db all.csv --out all.csv", {"all.csv", "database"});
  EXPECT_EQ(tune("query --db all.csv").code, 0);
}

TEST_F(Cli, ADatabaseOfANewerVersionIsLeftAlone) {
  write_recording_of("gemm f32 m=64,n=64,k=64", "toy.t4.json.gz");
  const std::string replay = std::string(gemm) + " --device replay:toy.t4.json.gz --quiet ";
  ASSERT_EQ(tune(replay).code, 0);
  {  // SQLite keeps user_version, big-endian, at byte 60
    std::fstream file(folder_ / "tilewright.db", std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(60).write("\0\0\x03\xe7", 4);
  }
  const std::string before = text_of_file(folder_ / "tilewright.db");
  expect_fault(replay, {"tilewright.db", "newer"});
  expect_fault("query", {"tilewright.db", "newer"});
  EXPECT_EQ(text_of_file(folder_ / "tilewright.db"), before);
}

TEST_F(Cli, OutputThatCannotBeWritten) {
  expect_fault("emit --op gemm --defaults --out /dev/null/tuned", {"/dev/null/tuned"});
  expect_fault("emit --op gemm", {"--out"});
  const std::string full =
      "cd '" + folder_.string() + "' && '" + executable_ + "' ops >/dev/full 2>err.txt";
  const int status = std::system(full.c_str());
  EXPECT_EQ(WEXITSTATUS(status), 2);
  EXPECT_NE(text_of_file(folder_ / "err.txt").find("cannot write"), std::string::npos);
}

// As under a daemon, or with a full log: messages to stderr are lost, but the exit code and the
// results are not.
TEST_F(Cli, StandardErrorThatCannotBeWritten) {
  const std::string run = std::string(gemm) + " --kernel simt --device cpu --budget 1 --json";
  for (const std::string stream : {"2>/dev/full", "2>&-", "<&- 2>&-"}) {
    SCOPED_TRACE(stream);
    const auto code = [&](const std::string& arguments) {
      const int status = std::system(("cd '" + folder_.string() + "' && '" + executable_ + "' " +
                                      arguments + " >out.txt " + stream)
                                         .c_str());
      return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    };
    EXPECT_EQ(code("query --db none.db"), 2);
    EXPECT_EQ(code(run), 0);
    EXPECT_NE(text_of_file(folder_ / "out.txt").find("\"ranking\""), std::string::npos);
    EXPECT_EQ(code("query --problem nothing"), 1);
  }
}

TEST_F(Cli, AClosedStandardOutputIsAFault) {
  const int status = std::system(
      ("cd '" + folder_.string() + "' && '" + executable_ + "' ops >&- 2>err.txt").c_str());
  EXPECT_EQ(WEXITSTATUS(status), 2);
  EXPECT_NE(text_of_file(folder_ / "err.txt").find("cannot write"), std::string::npos);
}

}  // namespace
}  // namespace tw
