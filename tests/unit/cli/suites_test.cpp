// The suites of reports/: every line is a problem, no line occurs twice, the networks are the
// published ones, and random_gemm prints the same problems for the same seed.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "core/catalog/catalog.h"
#include "options/problem_options.h"
#include "unit/support/paths.h"

namespace tw {
namespace {

const std::filesystem::path suites = source_path("reports/suites");

const Catalog& catalog() {
  static const Catalog loaded = Catalog::load(builtin_spaces(), builtin_sources());
  return loaded;
}

// Returns the keys of a file's problems, in bf16.
std::vector<std::string> keys_of(const std::filesystem::path& file) {
  const CommandSpec command{.name = "suites",
                            .summary = "",
                            .usage = "",
                            .flags = problem_flags(),
                            .positional = "",
                            .examples = {}};
  const Arguments arguments =
      Arguments::parse(command, {"--shapes", file.string(), "--dtype", "bf16"});
  std::vector<std::string> keys;
  for (const Asked& asked : asked_problems(arguments, catalog())) {
    keys.push_back(asked.problem.key(asked.entry->op));
  }
  return keys;
}

std::set<std::string> set_of(const std::vector<std::string>& keys) {
  return {keys.begin(), keys.end()};
}

// The distinct convolutions of a network, collected layer by layer.
class Network {
 public:
  // Adds a convolution of square images and filters, padded so that a stride of 1 keeps the size.
  void convolve(int filters, int window, int stride = 1, bool depthwise = false) {
    ProblemText text;
    text.dtype = "bf16";
    text.shape = fmt::format(
        "n=32,c={},h={},w={},k={},r={},s={},stride={},pad={},groups={},layout=nhwc", channels_,
        size_, size_, filters, window, window, stride, window / 2, depthwise ? channels_ : 1);
    const OpSpec& op = catalog().at("conv2d").op;
    keys_.insert(parse_problem(op, text).key(op));
    channels_ = filters;
    size_ /= stride;
    ++layers_;
  }
  void pool(int factor) { size_ /= factor; }
  int layers() const { return layers_; }
  const std::set<std::string>& keys() const { return keys_; }

 private:
  int channels_ = 3, size_ = 224, layers_ = 0;
  std::set<std::string> keys_;
};

TEST(Suites, EveryLineIsAProblemAndStandsOnce) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(suites)) {
    if (entry.path().extension() != ".txt") continue;
    const std::vector<std::string> keys = keys_of(entry.path());
    EXPECT_EQ(set_of(keys).size(), keys.size()) << entry.path();
    ++files;
  }
  EXPECT_GE(files, 10);
}

// The output and the exit code of a run of random_gemm.
struct Printed {
  std::string text;
  int code = 0;
};
Printed random_gemm(const std::string& options) {
  const std::string command = (suites / "random_gemm").string() + " " + options + " 2>&1";
  Printed printed;
  FILE* const pipe = popen(command.c_str(), "r");
  if (!pipe) return {"popen failed", -1};
  char part[4096];
  while (const std::size_t size = std::fread(part, 1, sizeof part, pipe)) {
    printed.text.append(part, size);
  }
  printed.code = WEXITSTATUS(pclose(pipe));
  return printed;
}

TEST(RandomGemm, EveryLineIsAProblemAndStandsOnce) {
  const Printed printed = random_gemm("--seed 5 --count 40");
  ASSERT_EQ(printed.code, 0) << printed.text;
  const std::string file = testing::TempDir() + "random_gemm.txt";
  std::ofstream(file) << printed.text;
  EXPECT_EQ(set_of(keys_of(file)).size(), 40u);
}

TEST(RandomGemm, TheSeedDecidesTheProblems) {
  const std::string first = random_gemm("--count 3 --dtype bf16").text;
  EXPECT_EQ(first, random_gemm("--seed 1 --count 3 --dtype bf16").text);
  EXPECT_NE(first, random_gemm("--seed 2 --count 3 --dtype bf16").text);
  // The same on every machine.
  EXPECT_EQ(first,
            "gemm m=2624,n=64,k=1600 layout=nn dtype=bf16\n"
            "gemm m=24,n=136,k=16 layout=tt dtype=bf16\n"
            "gemm m=2926,n=164,k=49 layout=tt dtype=bf16\n");
}

TEST(RandomGemm, RefusesWhatItDoesNotKnow) {
  for (const auto& [options, names] :
       {std::pair{"--seed 0", "--seed 0"}, std::pair{"--largest 63", "--largest 63"},
        std::pair{"--dtype f8", "--dtype f8"}, std::pair{"--count", "--count needs a value"},
        std::pair{"--shapes 3", "random_gemm [--seed N]"}}) {
    const Printed printed = random_gemm(options);
    EXPECT_EQ(printed.code, 2) << options;
    EXPECT_NE(printed.text.find(names), std::string::npos) << printed.text;
  }
}

// Simonyan and Zisserman, Very Deep Convolutional Networks (2015), table 1, configuration D.
TEST(Suites, Vgg16IsThePublishedOne) {
  Network network;
  for (const auto& [filters, layers] : {std::pair{64, 2}, std::pair{128, 2}, std::pair{256, 3},
                                        std::pair{512, 3}, std::pair{512, 3}}) {
    for (int i = 0; i < layers; ++i) network.convolve(filters, 3);
    network.pool(2);
  }
  EXPECT_EQ(network.layers(), 13);
  EXPECT_EQ(set_of(keys_of(suites / "vgg16.txt")), network.keys());
}

// Sandler et al., MobileNetV2 (2018), table 2: expansion, channels, repetitions, first stride.
TEST(Suites, MobileNetV2IsThePublishedOne) {
  struct Stage {
    int expansion, channels, blocks, stride;
  };
  Network network;
  network.convolve(32, 3, 2);
  int channels = 32;
  for (const Stage& stage :
       {Stage{1, 16, 1, 1}, Stage{6, 24, 2, 2}, Stage{6, 32, 3, 2}, Stage{6, 64, 4, 2},
        Stage{6, 96, 3, 1}, Stage{6, 160, 3, 2}, Stage{6, 320, 1, 1}}) {
    for (int block = 0; block < stage.blocks; ++block) {
      const int wide = channels * stage.expansion;
      if (stage.expansion > 1) network.convolve(wide, 1);
      network.convolve(wide, 3, block == 0 ? stage.stride : 1, true);
      network.convolve(stage.channels, 1);
      channels = stage.channels;
    }
  }
  network.convolve(1280, 1);
  network.pool(7);
  network.convolve(1000, 1);
  EXPECT_EQ(network.layers(), 53);
  EXPECT_EQ(set_of(keys_of(suites / "mobilenet_v2.txt")), network.keys());
}

}  // namespace
}  // namespace tw
