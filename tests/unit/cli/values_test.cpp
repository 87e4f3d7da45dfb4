// Where inputs and expected results come from, on the cpu device: rules, files, a reference that
// writes values, and arrays of the source.
#include <cstring>
#include <nlohmann/json.hpp>

#include "unit/cli/fixture.h"

namespace tw {
namespace {

using nlohmann::json;

// A sparse matrix-vector product. SHORT=1 leaves out the last element of each row.
constexpr const char* spmv_source = R"text(
extern "C" __global__ void spmv(int rows, const int* begin, const int* column, const float* value,
                                const float* x, float* y) {
  const int row = blockIdx.x * BLOCK + threadIdx.x;
  if (row >= rows) return;
  float sum = 0;
  for (int i = begin[row]; i < begin[row + 1] - SHORT; ++i) sum += value[i] * x[column[i]];
  y[row] = sum;
}
extern "C" __global__ void plain(int rows, const int* begin, const int* column, const float* value,
                                 const float* x, float* y) {
  for (int row = 0; row < rows; ++row) {
    y[row] = 0;
    for (int i = begin[row]; i < begin[row + 1]; ++i) y[row] += value[i] * x[column[i]];
  }
}
)text";
constexpr const char* spmv_op = R"text([op]
name = "spmv"
dtypes = ["f32"]
flops = "2 * nnz"
bytes = "8 * nnz"
[[dim]]
name = "rows"
[[dim]]
name = "nnz"
default = "8 * rows"
[[tensor]]
name = "begin"
role = "in"
dtype = "i32"
shape = ["rows + 1"]
values = "sorted"
range = ["0", "nnz"]
[[tensor]]
name = "column"
role = "in"
dtype = "i32"
shape = ["nnz"]
range = ["0", "rows - 1"]
[[tensor]]
name = "value"
role = "in"
shape = ["nnz"]
values = {uniform = [0.5, 2]}
[[tensor]]
name = "x"
role = "in"
shape = ["rows"]
values = {iota = [1, 0.25]}
[[tensor]]
name = "y"
role = "out"
shape = ["rows"]
[reference]
kind = "values"
source = "k.cu"
entry = "plain"
grid = ["1"]
block = ["1"]
args = ["rows", "begin", "column", "value", "x", "y"]
)text";
constexpr const char* spmv_kernel = R"text([kernel]
source = "k.cu"
needs = "true"
knobs = "macros"
[[knob]]
name = "BLOCK"
values = [64, 32]
[[knob]]
name = "SHORT"
values = [1, 0]
[[launch]]
entry = "spmv"
grid = ["ceil_div(rows, BLOCK)"]
block = ["BLOCK"]
args = ["rows", "begin", "column", "value", "x", "y"]
)text";

// A filter whose weights are in an array of the source, in a namespace.
constexpr const char* filter_source = R"text(
namespace filters {
__constant__ float taps[5];
}
extern "C" __global__ void filter(int n, const float* x, float* y) {
  const int i = blockIdx.x * BLOCK + threadIdx.x;
  if (i >= n) return;
  float sum = 0;
  for (int k = 0; k < 5 - SHORT; ++k) sum += filters::taps[k] * x[i + k];
  y[i] = sum;
}
)text";
constexpr const char* filter_op = R"text([op]
name = "filter"
dtypes = ["f32"]
flops = "10 * n"
bytes = "8 * n"
[[dim]]
name = "n"
[[tensor]]
name = "x"
role = "in"
shape = ["n + 4"]
[[tensor]]
name = "taps"
role = "in"
shape = ["5"]
values = {constant = 0.5}
[[tensor]]
name = "y"
role = "out"
shape = ["n"]
)text";
constexpr const char* filter_kernel = R"text([kernel]
source = "k.cu"
needs = "true"
knobs = "macros"
[[knob]]
name = "BLOCK"
values = [64, 32]
[[knob]]
name = "SHORT"
values = [0, 1]
[[constant]]
symbol = "filters::taps"
tensor = "taps"
[[launch]]
entry = "filter"
grid = ["ceil_div(n, BLOCK)"]
block = ["BLOCK"]
args = ["n", "x", "y"]
)text";

// Returns a file in NumPy's format, version 1.
template <class T>
std::string npy(const std::string& type, const std::vector<T>& values, std::string shape = "",
                const std::string& fortran = "False") {
  if (shape.empty()) shape = std::to_string(values.size()) + ",";
  std::string header =
      "{'descr': '" + type + "', 'fortran_order': " + fortran + ", 'shape': (" + shape + "), }";
  header.resize((header.size() + 11 + 63) / 64 * 64 - 11, ' ');
  header += '\n';
  std::string text("\x93NUMPY\x01\x00", 8);
  text += static_cast<char>(header.size() & 255u);
  text += static_cast<char>(header.size() >> 8);
  text += header;
  text.append(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T));
  return text;
}

class CliValues : public Cli {
 protected:
  void write_op(const std::string& source, const std::string& op, const std::string& kernel) {
    write("k.cu", source);
    write("op.toml", op);
    write("k.toml", kernel);
  }
  // Writes an op whose input and output are files; the kernel doubles its input.
  void write_doubling(const std::string& x = "values = {file = \"x.npy\"}",
                      const std::string& y = "expected = \"y.npy\"") {
    write_op(
        "extern \"C\" __global__ void twice(const float* x, float* y) {\n"
        "  y[threadIdx.x] = (2 + WRONG) * x[threadIdx.x];\n}\n",
        "[op]\nname = \"twice\"\ndtypes = [\"f32\"]\nflops = \"n\"\nbytes = \"8 * n\"\n"
        "[[dim]]\nname = \"n\"\n[[tensor]]\nname = \"x\"\nrole = \"in\"\nshape = [\"n\"]\n" +
            x + "\n[[tensor]]\nname = \"y\"\nrole = \"out\"\nshape = [\"n\"]\n" + y + "\n",
        "[kernel]\nsource = \"k.cu\"\nneeds = \"true\"\nknobs = \"macros\"\n"
        "[[knob]]\nname = \"WRONG\"\nvalues = [1, 0]\n"
        "[[launch]]\nentry = \"twice\"\ngrid = [\"1\"]\nblock = [\"n\"]\nargs = [\"x\", \"y\"]\n");
    write("x.npy", npy<float>("<f4", {1, 2, 3, 4}));
    write("y.npy", npy<float>("<f4", {2, 4, 6, 8}));
  }
  // Returns the only result of tuning op.toml.
  json tuned(const std::string& shape, const std::string& more = "") {
    const Ran ran = tune("--spec op.toml --device cpu --trust-code --quiet --json --shape " +
                         shape + " " + more);
    EXPECT_EQ(ran.code, 0) << ran.out << ran.err;
    const json document = json::parse(ran.out, nullptr, false);
    return document.is_object() ? document.at("results").at(0) : json();
  }
};

TEST_F(CliValues, AReferenceInTheSameFileJudgesASparseProduct) {
  write_op(spmv_source, spmv_op, spmv_kernel);
  const json result = tuned("rows=100");
  EXPECT_EQ(result.at("oracle"), "reference");
  EXPECT_EQ(result.at("outcomes"), json({{"ok", 2}, {"wrong_result", 2}}));
}

TEST_F(CliValues, ConstantsOfTheSourceGetTheirValues) {
  write_op(filter_source, filter_op, filter_kernel);
  EXPECT_EQ(tuned("n=100").at("outcomes"), json({{"ok", 2}, {"wrong_result", 2}}));
}

TEST_F(CliValues, AConstantThatIsTooSmallIsSaid) {
  std::string op = filter_op;
  op.replace(op.find("\"5\""), 3, "\"6\"");
  write_op(filter_source, op, filter_kernel);
  const Ran ran = tune("--spec op.toml --device cpu --trust-code --quiet --shape n=100");
  EXPECT_EQ(ran.code, 1);
  EXPECT_NE(tune("query trials --json")
                .out.find("taps has 24 bytes, and the array to which it is copied has 20"),
            std::string::npos);
}

TEST_F(CliValues, ConstantsAreRefusedWhereTheyAreWrong) {
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string kernel = filter_kernel;
    write_op(filter_source, filter_op, kernel.replace(kernel.find(from), from.size(), to));
    return std::string("--spec op.toml --device cpu --trust-code --shape n=100");
  };
  expect_fault(with("filters::taps", "filters::tap"),
               {"k.toml:12:", "the sources have no 'tap'", "__constant__"});
  expect_fault(with("filters::taps", "filters::"), {"k.toml:12:", "is not a name"});
  expect_fault(with("tensor = \"taps\"", "tensor = \"y\""), {"k.toml:13:", "'y' is an output"});
  expect_fault(with("tensor = \"taps\"", "tensor = \"z\""), {"k.toml:13:", "'z' is no [[tensor]]"});
}

TEST_F(CliValues, FilesHoldInputsAndExpectedResults) {
  write_doubling();
  const json result = tuned("n=4");
  EXPECT_EQ(result.at("outcomes"), json({{"ok", 1}, {"wrong_result", 1}}));
  // Raw bytes are the same array.
  const std::string x = npy<float>("<f4", {1, 2, 3, 4});
  write("x.bin", x.substr(x.size() - 16));
  write_doubling("values = {file = \"x.bin\"}");
  EXPECT_EQ(tuned("n=4", "--fresh").at("outcomes"), json({{"ok", 1}, {"wrong_result", 1}}));
}

TEST_F(CliValues, FormulasFillInputsAndSayWhatIsExpected) {
  write_doubling("values = {formula = [\"i * 3 % n\", \"4\"]}",
                 "expected = {formula = [\"i * 3 % n\", \"2\"]}");
  EXPECT_EQ(tuned("n=1000").at("outcomes"), json({{"ok", 1}, {"wrong_result", 1}}));
  // Another formula is another verdict.
  write_doubling("values = {formula = [\"i * 3 % n\", \"4\"]}",
                 "expected = {formula = [\"i * 9 % (3 * n)\", \"4\"]}");
  const json result = tuned("n=1000");
  EXPECT_EQ(result.at("evaluated"), 2);
  EXPECT_EQ(result.at("outcomes"), json({{"ok", 1}, {"wrong_result", 1}}));
}

TEST_F(CliValues, AFormulaWithoutAValueIsSaid) {
  write_doubling("values = {formula = \"n / i\"}", "");
  expect_fault("--spec op.toml --device cpu --trust-code --shape n=4",
               {"tensor x: \"n / i\" has no value for i = 0"});
}

// A verdict holds for the content of the files, wherever they are.
TEST_F(CliValues, ANewFileIsANewVerdict) {
  write_doubling();
  tuned("n=4");
  EXPECT_EQ(tuned("n=4").at("evaluated"), 0);
  write("y.npy", npy<float>("<f4", {3, 6, 9, 12}));
  const json result = tuned("n=4");
  EXPECT_EQ(result.at("evaluated"), 2) << result.dump(1);
  EXPECT_EQ(result.at("outcomes"), json({{"ok", 1}, {"wrong_result", 1}}));
}

TEST_F(CliValues, FilesThatDoNotFitAreRefused) {
  const std::string command = "--spec op.toml --device cpu --trust-code --shape n=4";
  const auto refused = [&](const std::string& content, const std::vector<std::string>& parts) {
    write_doubling();
    write("x.npy", content);
    expect_fault(command, parts);
  };
  refused(npy<double>("<f8", {1, 2, 3, 4}), {"x.npy holds f8, the tensor f32, which is f4"});
  refused(npy<float>("<f4", {1, 2, 3}), {"x.npy has the shape [3], the tensor [4]"});
  refused(npy<float>("<f4", {1, 2, 3, 4}, "2, 2", "True"), {"op.toml:12:", "column-major"});
  refused(npy<float>(">f4", {1, 2, 3, 4}), {"op.toml:12:", "big-endian"});
  refused("\x93NUMPY\x01", {"x.npy has 7 bytes, the tensor 16"});
  write_doubling("values = {file = \"none.npy\"}");
  expect_fault(command, {"op.toml:12:", "none.npy: there is no such file"});
}

TEST_F(CliValues, APermutationReachesEveryElement) {
  write_op(
      "extern \"C\" __global__ void put(const int* at, const float* x, float* y) {\n"
      "  const int i = blockIdx.x * BLOCK + threadIdx.x;\n  y[at[i]] = x[i];\n}\n",
      "[op]\nname = \"put\"\ndtypes = [\"f32\"]\nflops = \"0\"\nbytes = \"12 * n\"\n"
      "[[dim]]\nname = \"n\"\n"
      "[[tensor]]\nname = \"at\"\nrole = \"in\"\ndtype = \"i32\"\nshape = [\"n\"]\n"
      "values = \"permutation\"\n[[tensor]]\nname = \"x\"\nrole = \"in\"\nshape = [\"n\"]\n"
      "[[tensor]]\nname = \"y\"\nrole = \"out\"\nshape = [\"n\"]\n",
      "[kernel]\nsource = \"k.cu\"\nneeds = \"true\"\nknobs = \"macros\"\n"
      "[[knob]]\nname = \"BLOCK\"\nvalues = [64, 32]\n[[launch]]\nentry = \"put\"\n"
      "grid = [\"n / BLOCK\"]\nblock = [\"BLOCK\"]\nargs = [\"at\", \"x\", \"y\"]\n");
  EXPECT_EQ(tuned("n=192").at("outcomes"), json({{"ok", 2}}));
  const std::string rows = tune("query trials --json").out;
  EXPECT_EQ(rows.find("unwritten"), std::string::npos) << rows;
}

TEST_F(CliValues, RulesAreRefusedWhereTheyStand) {
  struct Fault {
    std::string x, y, part;
  };
  const std::string file = "values = {file = \"x.npy\"}", expected = "expected = \"y.npy\"";
  const std::vector<Fault> faults{
      {"values = \"sorted\"", "", "'sorted' is for integers"},
      {"values = \"random\"", "", "values 'random' are unknown"},
      {"values = \"constant\"", "", "'constant' needs numbers: write values = {constant = 1}"},
      {"values = {sorted = 1}", "", "'sorted' takes nothing: write values = \"sorted\""},
      {"values = {uniform = 1}", "", "'uniform' needs two numbers"},
      {"values = {uniform = [2, 1]}", "", "must be the least and the largest value"},
      {"values = {constant = \"n\"}", "", "'constant' must be a number, not string"},
      {"values = 3", "", "must be a word"},
      {"values = \"formula\"", "", "'formula' needs an expression: write values = {formula = "},
      {"values = {formula = 3}", "", "'formula' must be an expression, as in \"i % n\""},
      {"values = {formula = \"i % m\"}", "", "unknown name 'm'"},
      {"values = {formula = [\"1\", \"2\", \"3\"]}", "", "or a dividend and a divisor"},
      {"compared = false", "", "'compared' is for outputs: remove it"},
      {"values = {iota = [0, 1]}", "compared = false\n" + expected,
       "'expected' says what is right"},
      {"values = {constant = 3}\nsecond = {sign = \"1\"}", "", "remove 'second'"},
      {"", "values = {constant = 3}", "'values' is for inputs"},
      {expected, "", "'expected' is for outputs"},
      {"", expected, "tensor 'x' has random values, so that nothing can say what is expected"},
  };
  for (const Fault& fault : faults) {
    write_doubling(fault.x, fault.y);
    expect_fault("--spec op.toml --device cpu --trust-code --shape n=4", {"op.toml:", fault.part});
  }
}

}  // namespace
}  // namespace tw
