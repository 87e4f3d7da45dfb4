// A small op with one kernel, as texts that the tests of the core read, change and break.
#pragma once
#include <gtest/gtest.h>

#include <functional>
#include <string>

#include "core/base/error.h"
#include "core/base/texts.h"
#include "core/catalog/catalog.h"
#include "core/spec/spec.h"

namespace tw::test {

inline const std::string toy_op = R"text([op]
name = "axpy"
doc = "y = epilogue(alpha * x + beta * y)"
dtypes = ["f32", "bf16"]
flops = "2 * rows * columns"
bytes = "2 * sizeof_t * rows * columns"
[[dim]]
name = "rows"
doc = "rows of x and y"
max = 1000000
[[dim]]
name = "columns"
[[dim]]
name = "pitch"
default = "order == 'packed' ? columns : round_up(columns, 4)"
[[dim]]
name = "pad"
min = 0
default = 0
[[choice]]
name = "order"
values = ["packed", "padded"]
[[scalar]]
name = "alpha"
default = 1
[[scalar]]
name = "beta"
[[tensor]]
name = "x"
role = "in"
shape = ["rows", "columns"]
[[tensor]]
name = "y"
role = "inout"
scaled_by = "beta"
shape = ["rows", "columns"]
strides = ["pitch", "1"]
[let]
elements = "rows * columns"
[require]
"the pitch covers a row" = "pitch >= columns"
[epilogue]
steps = ["relu", "bias_column", "clamp"]
extents = { bias_column = "columns" }
[reference]
source = "axpy/reference.cuh"
entry = "tw::axpy::reference"
grid = ["ceil_div(elements, 128)"]
block = [128]
args = ["rows", "x", "y", {i64 = "pitch"}, "alpha", "beta", "epilogue", "y_expected", "y_magnitude"]
[tolerance]
f32 = 4
bf16 = "4 + pad"
[[baseline]]
library = "blas"
call = "axpy"
args = { n = "elements", x = "x", y = "y", alpha = "alpha", packed = "order == 'packed'" }
)text";

inline const std::string toy_kernel = R"text([kernel]
doc = "one thread an element"
source = "axpy/simple.cuh"
needs = "device.cc >= 80"
[[knob]]
name = "threads"
values = [128, 64, 2048]
doc = "threads a block"
[[knob]]
name = "vector"
values = [false, true]
[[knob]]
name = "walk"
values = ["forward", "backward"]
[let]
blocks = "ceil_div(elements, threads)"
[require]
"vectors are aligned" = "!vector || pitch % 4 == 0"
[[workspace]]
name = "partials"
bytes = "walk == 'backward' ? 4 * blocks : 0"
init = "zero_each"
[[launch]]
entry = "tw::axpy::simple::kernel"
grid = ["blocks"]
block = ["threads"]
smem = "threads * 4"
args = ["rows", "elements", "x", "y", {i64 = "pitch"}, "alpha", "beta", "epilogue", "partials"]
[[launch]]
entry = "tw::axpy::simple::finish"
when = "walk == 'backward'"
grid = [1]
block = [32]
args = ["partials"]
)text";

inline const std::string toy_source = R"text(#pragma once
#include "axpy/op.cuh"
#include "common/lanes.cuh"
namespace tw::axpy::simple {
enum class Walk { forward, backward };
// struct Knobs { int not_this_one; };
struct Knobs {
  int threads;  // int nor_this;
  bool vector;
  Walk walk = Walk::forward;
};
template <class T, class V, class Epilogue> __global__ void kernel(int rows);
template <class T, class V, class Epilogue> __global__ void finish(float* partials);
}
)text";

inline Texts toy_spaces() { return {{"axpy/op.toml", toy_op}, {"axpy/simple.toml", toy_kernel}}; }
inline Texts toy_sources() {
  return {{"axpy/op.cuh", "#pragma once\n"},
          {"axpy/reference.cuh", "#include \"axpy/op.cuh\"\n__global__ void reference();\n"},
          {"axpy/simple.cuh", toy_source},
          {"common/lanes.cuh", "#include <cstdint>\n#include \"common/deep.cuh\"\n"},
          {std::string(epilogue_source), "#pragma once\n"},
          {"common/deep.cuh", "#include \"common/lanes.cuh\"\n"}};
}
// Returns `text` with its first `from` replaced. Fails the test if there is none.
inline std::string changed(std::string text, const std::string& from, const std::string& to) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << "the fixture has no " << from;
  return at == std::string::npos ? text : text.replace(at, from.size(), to);
}

// Returns the toy op with a chain that may end in a reduction.
inline std::string toy_reducing_op() {
  std::string op = changed(toy_op, "steps = [", "reductions = [\"max\", \"sum\"]\nsteps = [");
  op = changed(op, "'packed' ? columns :", "'packed' ? (reduced ? 1 : columns) :");
  op = changed(op, "pitch >= columns", "pitch >= (reduced ? 1 : columns)");
  return changed(op, "shape = [\"rows\", \"columns\"]\nstrides",
                 "shape = [\"rows\", \"reduced ? 1 : columns\"]\nstrides");
}
inline Catalog toy_catalog() { return Catalog::load(toy_spaces(), toy_sources(), "spaces/"); }

// Returns the message of the Error that `run` throws; empty if it throws none.
inline std::string error_of(const std::function<void()>& run) {
  try {
    run();
  } catch (const Error& fault) {
    return fault.what();
  }
  return "";
}

}  // namespace tw::test
