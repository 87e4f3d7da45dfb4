// Kernels that are tuned straight from their source: the inputs' values, the expected results, a
// reference and constants, on the cpu device.
#include <nlohmann/json.hpp>
#include <set>

#include "unit/cli/fixture.h"

namespace tw {
namespace {

constexpr const char* source = R"cu(
__constant__ float taps[3];
__global__ void blur(const float* x, float* y, int n) {
  const int i = blockIdx.x * BLOCK + threadIdx.x;
  if (i >= n) return;
  y[i] = taps[0] * x[i] + taps[2] + (BLOCK == 96);
}
__global__ void plain(const float* x, float* y, int n) {
  for (int i = 0; i < n; ++i) y[i] = taps[0] * x[i] + taps[2];
}
__global__ void gather(const int* index, const int* x, int* y) {
  y[blockIdx.x * BLOCK + threadIdx.x] = x[index[blockIdx.x * BLOCK + threadIdx.x]];
}
)cu";
const std::string run = " --device cpu --trust-code --quiet --race 0";
// The default configuration is the wrong one.
const std::string blur =
    "--kernel src/k.cu:blur --knob BLOCK=96,32,64 --grid 'ceil_div(n, BLOCK)' --block BLOCK "
    "--arg 'f32[n]:in' --arg 'f32[n]:out' --arg n --size n=192 --constant 'taps=f32[3]' ";

class SourceValues : public Cli {
 protected:
  SourceValues() {
    fs::create_directory(folder_ / "src");
    write("src/k.cu", source);
  }
  // Writes floats as raw bytes.
  void write_floats(const std::string& name, const std::vector<float>& values) {
    write(name, std::string(reinterpret_cast<const char*>(values.data()), 4 * values.size()));
  }
  nlohmann::json outcomes(const std::string& arguments) {
    const Ran ran = tune(arguments + run + " --json");
    EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
    if (ran.code != 0) return {};
    const auto result = nlohmann::json::parse(ran.out).at("results").at(0);
    oracle_ = result.at("oracle");
    return result.at("outcomes");
  }
  std::string oracle_;
};

TEST_F(SourceValues, AReferenceOfTheSourceSaysWhatIsRight) {
  const nlohmann::json found = outcomes(blur + "--reference 'plain<<<1, 1>>>'");
  EXPECT_EQ(found.value("ok", 0), 2) << found;
  EXPECT_EQ(found.value("wrong_result", 0), 1) << found;
  EXPECT_EQ(oracle_, "reference");
}

TEST_F(SourceValues, ExpectedValuesComeFromAFile) {
  std::vector<float> y;
  for (int i = 0; i < 192; ++i) y.push_back(0.5f * static_cast<float>(i) + 0.5f);
  write_floats("y.bin", y);
  const std::string given = "--values x=iota --values taps=0.5 --expected y=y.bin ";
  const nlohmann::json found = outcomes(blur + given);
  EXPECT_EQ(found.value("ok", 0), 2) << found;
  EXPECT_EQ(found.value("wrong_result", 0), 1) << found;
  // A formula says the same.
  const nlohmann::json same =
      outcomes(blur + "--values x=iota --values taps=0.5 --expected 'y=formula(i + 1, 2)'");
  EXPECT_EQ(same.value("ok", 0), 2) << same;
}

// The saved spec has copies of the files, and is the same kernel.
TEST_F(SourceValues, ASavedSpecHasTheValuesToo) {
  std::vector<float> x(192, 2), y(192, 1.5f);
  fs::create_directory(folder_ / "src/data");
  write_floats("src/data/x.bin", x);
  write_floats("y.bin", y);
  const std::string given =
      "--values x=src/data/x.bin --values 'taps=constant(0.5)' --expected y=y.bin --save-spec kept";
  const nlohmann::json found = outcomes(blur + given);
  EXPECT_EQ(found.value("ok", 0), 2) << found;
  EXPECT_EQ(text_of_file(folder_ / "kept/data/x.bin"), text_of_file(folder_ / "src/data/x.bin"));
  EXPECT_EQ(text_of_file(folder_ / "kept/y.bin"), text_of_file(folder_ / "y.bin"));
  fs::rename(folder_ / "kept", folder_ / "moved");
  fs::remove(folder_ / "y.bin");
  const Ran spec = tune("--spec moved/op.toml" + run);
  EXPECT_NE(spec.out.find("0 new, 3 known"), std::string::npos) << spec.out << spec.err;
  // A file that is there already may not differ.
  fs::rename(folder_ / "moved", folder_ / "kept");
  y[0] = 7;
  write_floats("y.bin", y);
  expect_fault(blur + given + run, {"--save-spec kept", "y.bin is there already, and differs"});
  fs::copy(folder_ / "src/data/x.bin", folder_ / "src/op.toml");
  expect_fault(blur + "--values x=src/op.toml --save-spec other" + run,
               {"--save-spec other: src/op.toml has the name of a file of the spec: rename it"});
}

// One file gets the name that another one has here.
TEST_F(SourceValues, ASavedSpecKeepsFilesOfOneNameApart) {
  fs::create_directory(folder_ / "other");
  write_floats("other/x.bin", std::vector<float>(192, 2));
  write_floats("src/x.bin", std::vector<float>(3, 0.5f));
  const Ran ran =
      tune(blur + "--values x=other/x.bin --values taps=src/x.bin --save-spec kept" + run);
  EXPECT_EQ(ran.code, 0) << ran.err;
  const std::string op = text_of_file(folder_ / "kept/op.toml");
  std::set<std::string> names;
  for (std::size_t at = op.find("file = \""); at != op.npos; at = op.find("file = \"", at + 1)) {
    const std::size_t begin = at + 8;
    names.insert(op.substr(begin, op.find('"', begin) - begin));
  }
  ASSERT_EQ(names.size(), 2u) << op;
  for (const std::string& name : names) EXPECT_TRUE(fs::exists(folder_ / "kept" / name)) << name;
  const Ran spec = tune("--spec kept/op.toml" + run);
  EXPECT_NE(spec.out.find("0 new, 3 known"), std::string::npos) << spec.out << spec.err;
}

TEST_F(SourceValues, NumbersFitTheirType) {
  write("narrow.cu",
        "#include <cuda_fp16.h>\n__global__ void narrow(const unsigned char* x, half* y) {}\n");
  const std::string flags =
      "--kernel narrow.cu:narrow --knob BLOCK=32 --grid n/BLOCK --block BLOCK --size n=256 "
      "--arg 'x=u8[n]:in' --arg 'y=half[n]:inout' ";
  expect_fault(flags + "--values x=256" + run, {"--values 'x=256'", "256 does not fit in u8"});
  expect_fault(flags + "--values y=1e30" + run, {"--values 'y=1e30'", "1e30 is larger than f16"});
}

TEST_F(SourceValues, AnIotaFitsItsType) {
  write(
      "widen.cu",
      "__global__ void bytes(const unsigned char* x, int* y) { y[threadIdx.x] = x[threadIdx.x]; }\n"
      "__global__ void longs(const long long* x, int* y) {\n"
      "  y[threadIdx.x] = static_cast<int>(x[threadIdx.x]);\n}\n");
  const auto flags = [](const std::string& kernel, const std::string& values) {
    return "--kernel widen.cu:" + kernel + " --knob BLOCK=100 --grid 1 --block n --size n=100 " +
           "--arg 'x=" + (kernel == "bytes" ? "u8" : "i64") +
           "[n]:in' --arg 'y=int[n]:out' --values 'x=iota(" + values + ")' ";
  };
  const std::string bytes = "bytes", large = "9223372036854775807";
  EXPECT_EQ(outcomes(flags(bytes, "57, 2")).value("ok", 0), 1);
  EXPECT_EQ(outcomes(flags(bytes, "99, -1")).value("ok", 0), 1);
  EXPECT_EQ(outcomes(flags(bytes, "2, 3") + "--shape n=85").value("ok", 0), 1);
  expect_fault(flags(bytes, "0, 3") + run,
               {"tensor x: its iota is 297 for i = 99, beyond u8, which has 0 to 255"});
  expect_fault(flags(bytes, "98, -1") + run, {"its iota is -1 for i = 99, beyond u8"});
  expect_fault(flags(bytes, "n - 101, 1") + run, {"its iota is -1 for i = 0, beyond u8"});
  expect_fault(flags("longs", "1, " + large) + run,
               {"its iota is 913113831648622804894 for i = 99, beyond i64"});
}

TEST_F(SourceValues, ASavedReferenceIsTheSameKernel) {
  const Ran first = tune(blur +
                         "--reference 'plain<<<1, 1>>>' --values 'x=uniform(0, 1)' "
                         "--save-spec kept" +
                         run);
  EXPECT_EQ(first.code, 0) << first.err;
  EXPECT_NE(first.out.find("3 new, 0 known"), std::string::npos) << first.out;
  const Ran spec = tune("--spec kept/op.toml" + run);
  EXPECT_NE(spec.out.find("0 new, 3 known"), std::string::npos) << spec.out << spec.err;
}

TEST_F(SourceValues, IndicesStayInRange) {
  const std::string gather =
      "--kernel src/k.cu:gather --knob BLOCK=32,64 --grid n/BLOCK --block BLOCK --size n=256 "
      "--arg 'int[n]:in' --arg 'int[n]:in' --arg 'int[n]:out' ";
  EXPECT_EQ(outcomes(gather + "--values index=permutation").value("ok", 0), 2);
  EXPECT_EQ(outcomes(gather + "--values 'index=uniform(0, n - 1)'").value("ok", 0), 2);
  EXPECT_EQ(outcomes(gather + "--values index=iota --values 'x=sorted(0, n)' "
                              "--reference 'gather<<<n / 32, 32>>>'")
                .value("ok", 0),
            2);
}

TEST_F(SourceValues, FaultsNameTheOption) {
  expect_fault(blur + "--values x=none.npy" + run, {"--values 'x=none.npy'", "no such file"});
  expect_fault(blur + "--values y=1" + run, {"--values 'y=1'", "'values' is for inputs"});
  expect_fault(blur + "--values x=permutation" + run,
               {"--values 'x=permutation'", "'permutation' is for integers"});
  expect_fault(blur + "--expected 'y=formula(i)'" + run,
               {"--expected 'y=formula(i)': 'x' has random values", "add --values x=x.npy"});
  expect_fault(blur + "--expected 'y=formula(i' " + run, {"--expected 'y=formula(i'"});
  expect_fault(blur + "--reference 'plain<<<m, 1>>>'" + run,
               {"--reference 'plain<<<m, 1>>>'", "'m'"});
  expect_fault(blur + "--constant 'taps=f32[4]'" + run,
               {"--constant 'taps=f32[4]': is there twice"});
  write("x.bin", "abc");
  expect_fault(blur + "--values x=x.bin" + run, {"x.bin has 3 bytes, the tensor 768"});
  expect_fault("--op gemm --shape 8x8x8 --reference plain",
               {"--reference", "give --kernel FILE.cu:NAME"});
}

}  // namespace
}  // namespace tw
