// The recordings that --device auto replays on a machine without a GPU.
#include <sys/wait.h>

#include <cstdlib>

#include "unit/cli/fixture.h"

namespace tw {
namespace {

// An installed tune: bin/tune beside share/tilewright/recordings.
class ShippedRecordings : public Cli {
 protected:
  void SetUp() override {
    Cli::SetUp();
    fs::create_directories(folder_ / "bin");
    fs::create_directories(folder_ / recordings_ / "toy");
    fs::copy(executable_, folder_ / "bin/tune");
    write_recording_of("gemm f32 m=4096,n=4096,k=4096", recordings_ + "toy/gemm.toy.t4.json.gz");
  }
  // Ships a recording of another kernel, whose times are `factor` times those of the first kernel.
  void ship(const std::string& kernel, double factor, const std::string& driver) {
    Recording other = read_recording((folder_ / recordings_ / "toy/gemm.toy.t4.json.gz").string());
    other.name = other.kernel = kernel;
    other.driver = driver;
    for (RecordedTrial& trial : other.trials) {
      trial.value_ns *= factor;
      for (double& sample : trial.measurement.samples_ns) sample *= factor;
    }
    write_recording(other,
                    (folder_ / recordings_ / ("toy/gemm." + kernel + ".t4.json.gz")).string());
  }
  std::string tune(const std::string& more = "") {
    const std::string command = "cd '" + folder_.string() +
                                "' && CUDA_VISIBLE_DEVICES= bin/tune --op gemm --shape "
                                "4096x4096x4096 --dtype f32 " +
                                more + " >out.txt 2>err.txt";
    const int status = std::system(command.c_str());
    EXPECT_EQ(WEXITSTATUS(status), 0) << text_of_file(folder_ / "err.txt");
    return text_of_file(folder_ / "out.txt");
  }
  const std::string recordings_ = "share/tilewright/recordings/";
};

TEST_F(ShippedRecordings, AutoTakesOneWhereThereIsNoGpu) {
  const std::string out = tune();
  EXPECT_NE(out.find("no GPU here; a shipped recording"), std::string::npos) << out;
  EXPECT_NE(out.find("x=3 y=1"), std::string::npos) << out;
}

TEST_F(ShippedRecordings, AutoTakesAllKernelsThatWereRecordedAlike) {
  ship("zoom", 0.5, "");
  ship("unlike", 0.1, "another driver");
  const std::string out = tune("--budget 48");
  EXPECT_NE(out.find("replayed from gemm.toy.t4.json.gz and gemm.zoom.t4.json.gz"),
            std::string::npos)
      << out;
  EXPECT_NE(out.find("no GPU here; shipped recordings hold"), std::string::npos) << out;
  EXPECT_NE(out.find("fastest  zoom: x=3 y=1"), std::string::npos) << out;
  EXPECT_EQ(out.find("unlike"), std::string::npos) << out;
  EXPECT_EQ(tune("--kernel toy --fresh").find("zoom"), std::string::npos);
}

TEST_F(ShippedRecordings, OfAnotherVersionOfAKernelSaySo) {
  ship("simt", 1, "");
  tune();
  EXPECT_NE(text_of_file(folder_ / "err.txt")
                .find("the recording was made with another version of simt's source"),
            std::string::npos)
      << text_of_file(folder_ / "err.txt");
}

TEST_F(ShippedRecordings, AListThatCannotEndIsRefusedBeforeItsFirstLine) {
  write("layers.txt",
        "gemm 4096x4096x4096\n"
        "gemm 16x16x16  # short enough\n"
        "\n"
        "conv2d n=32,c=64,h=56,w=56,k=64,r=3,s=3,pad=1 dtype=bf16\n"
        "gemm 2048x4096x4096 dtype=bf16\n");
  const std::string command = "cd '" + folder_.string() +
                              "' && CUDA_VISIBLE_DEVICES= bin/tune --shapes layers.txt --db t.db "
                              "--budget 3 >out.txt 2>err.txt";
  const int status = std::system(command.c_str());
  const std::string err = text_of_file(folder_ / "err.txt");
  EXPECT_EQ(WEXITSTATUS(status), 2) << err;
  EXPECT_EQ(std::count(err.begin(), err.end(), '\n'), 1) << err;
  for (const char* part :
       {"layers.txt: nothing was started: lines 4 to 5 would take the cpu device",
        "a configuration", "gemm.toy.t4.json.gz holds line 1", "line 2 can be emulated",
        "--device replay:FILE"}) {
    EXPECT_NE(err.find(part), std::string::npos) << "no '" << part << "' in: " << err;
  }
  EXPECT_FALSE(fs::exists(folder_ / "t.db"));
}

TEST_F(ShippedRecordings, AListBesideAGivenRecordingSaysWhatItDoesNotHold) {
  write("layers.txt", "gemm 4096x4096x4096\ngemm 16x16x16\n");
  const std::string command = "cd '" + folder_.string() +
                              "' && CUDA_VISIBLE_DEVICES= bin/tune --shapes layers.txt --db t.db "
                              "--device replay:" +
                              recordings_ + "toy/gemm.toy.t4.json.gz >out.txt 2>err.txt";
  const int status = std::system(command.c_str());
  const std::string err = text_of_file(folder_ / "err.txt");
  EXPECT_EQ(WEXITSTATUS(status), 2) << err;
  for (const char* part : {"line 2 is not in the recording", "gemm.toy.t4.json.gz holds line 1"}) {
    EXPECT_NE(err.find(part), std::string::npos) << "no '" << part << "' in: " << err;
  }
  EXPECT_FALSE(fs::exists(folder_ / "t.db"));
}

}  // namespace
}  // namespace tw
