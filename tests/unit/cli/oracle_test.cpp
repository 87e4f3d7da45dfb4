// The oracle of an op without a reference: another configuration's results.
#include <nlohmann/json.hpp>

#include "unit/cli/fixture.h"

namespace tw {
namespace {

constexpr const char* op_text = R"toml([op]
name = "twice"
dtypes = ["f32"]
flops = "0"
bytes = "0"
[[dim]]
name = "len"
[[tensor]]
name = "x"
role = "in"
shape = ["len"]
[[tensor]]
name = "y"
role = "out"
shape = ["len"]
[[tensor]]
name = "z"
role = "out"
shape = ["len"]
)toml";
constexpr const char* kernel_text = R"toml([kernel]
source = "twice.cuh"
knobs = "macros"
[[knob]]
name = "KIND"
values = [0, 1, 2, 3, 4, 5]
[[launch]]
entry = "twice"
grid = ["ceil_div(len, 64)"]
block = ["64"]
args = ["len", "x", "y", "z"]
)toml";
// Returns the source of the kernel. KIND 0 is right, 1 is off by a little, 2 leaves half unwritten,
// 3 gives NaN for some elements, 4 is right with another method, 5 is wrong only for positive x.
std::string source(const std::string& head) {
  return head + R"cu(
extern "C" __global__ void twice(int n, const float* x, float* y, float* z) {
  const int i = blockIdx.x * 64 + threadIdx.x;
  if (i >= n) return;
  float value = x[i] * 2;
  if (KIND == 1) value += 0.001f;
  if (KIND == 2 && i >= n / 2) return;
  if (KIND == 3 && i == 7) value = 0 * (1 / (x[i] - x[i]));
  if (KIND == 4) value = x[i] + x[i];
  if (KIND == 5 && x[i] > 1) value = 2;
  y[i] = value;
}
)cu";
}

class Oracle : public Cli {
 protected:
  void write_all(const std::string& head, const std::string& op = op_text) {
    fs::create_directories(folder_ / "twice");
    write("twice/op.toml", op);
    write("twice/twice.toml", kernel_text);
    write("twice/twice.cuh", source(head));
  }
  nlohmann::json run(const std::string& more = "") {
    const Ran ran = tune(
        "--spec twice/op.toml --shape len=100 --device cpu --trust-code --race 0 "
        "--json " +
        more);
    err_ = ran.err;
    EXPECT_EQ(ran.code, 0) << ran.err;
    return nlohmann::json::parse(ran.out).at("results").at(0);
  }
  std::string err_;
};

TEST_F(Oracle, IsTheDefaultConfiguration) {
  write_all("");
  const nlohmann::json result = run();
  EXPECT_EQ(result.at("oracle"), "default");
  EXPECT_EQ(result.at("outcomes").at("ok"), 2);
  EXPECT_EQ(result.at("outcomes").at("wrong_result"), 4);
  // No configuration writes z; this is reported once.
  const std::string remark = "it writes nothing to z";
  EXPECT_NE(err_.find(remark), std::string::npos) << err_;
  EXPECT_EQ(err_.find(remark), err_.rfind(remark)) << err_;
  const Ran exported = tune("export --out trials.csv");
  ASSERT_EQ(exported.code, 0) << exported.err;
  EXPECT_NE(text_of_file(folder_ / "trials.csv").find("twice: KIND=0"), std::string::npos);
}

TEST_F(Oracle, IsNotAConfigurationThatLeavesElementsUnwritten) {
  write_all("");
  const std::string path = "twice/twice.cuh", half = "KIND == 2 && i";
  std::string text = text_of_file(folder_ / path);
  text.replace(text.find(half), half.size(), "KIND == 0 && i");
  write(path, text);
  const nlohmann::json result = run();
  EXPECT_EQ(result.at("oracle"), "twice: KIND=1");
  EXPECT_NE(err_.find("it leaves 50 of 100 elements of y unwritten"), std::string::npos) << err_;
}

TEST_F(Oracle, IsTheFirstConfigurationThatWorks) {
  write_all("#if KIND == 0\n#error not here\n#endif\n");
  const nlohmann::json result = run();
  EXPECT_EQ(result.at("oracle"), "twice: KIND=1");
  EXPECT_NE(err_.find("the default configuration does not work (compile_failed: "),
            std::string::npos)
      << err_;
  // The oracle is off, and no other configuration agrees with it.
  EXPECT_EQ(result.at("outcomes").at("ok"), 1);
  EXPECT_EQ(result.at("outcomes").at("wrong_result"), 4);
  const Ran text = tune("--spec twice/op.toml --shape len=100 --device cpu --trust-code --race 0");
  EXPECT_NE(text.out.find("oracle   twice: KIND=1, since"), std::string::npos) << text.out;
}

TEST_F(Oracle, ToleratesWhatTheSpecSays) {
  write_all("", std::string(op_text) + "[tolerance]\nf32 = 20000\n");  // 2^-24 * 20000 * 8 > 0.001
  EXPECT_EQ(run().at("outcomes").at("ok"), 3);
}

}  // namespace
}  // namespace tw
