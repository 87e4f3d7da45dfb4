// Kernels that include CUDA's headers, tuned from their source on the cpu device.
#include <nlohmann/json.hpp>

#include "unit/cli/fixture.h"
#include "unit/support/paths.h"

namespace tw {
namespace {

class OwnHeaders : public Cli {
 protected:
  OwnHeaders() {
    for (const auto& entry : fs::directory_iterator(test_data("own_headers"))) {
      fs::copy(entry.path(), folder_);
    }
  }
  static std::string options(const std::string& kernel, const std::string& knob) {
    return "--kernel " + kernel + ":check --knob " + knob +
           " --knob RESULTS=80 --grid n/64 --block 64 --arg 'u32[n]:in' --arg 'u32[n][80]:out' "
           "--arg n --size n=128 --device cpu --trust-code --quiet --race 0 ";
  }
};

// The default computes with plain arithmetic, the other configuration with CUDA's functions.
TEST_F(OwnHeaders, AreTunedWithRightResults) {
  for (const char* kernel : {"fp16.cu", "groups.cu"}) {
    const Ran ran = tune(options(kernel, "PLAIN=1,0") + "--json");
    ASSERT_EQ(ran.code, 0) << ran.out << ran.err;
    const auto result = nlohmann::json::parse(ran.out).at("results").at(0);
    EXPECT_EQ(result.at("outcomes").value("ok", 0), 2) << kernel << result.at("outcomes");
  }
}

TEST_F(OwnHeaders, ThatAreNotEmulatedAreAFaultOfOneLine) {
  write("random.cu",
        "#include <cuda_fp16.h>\n#include <curand_kernel.h>\n"
        "__global__ void check(const unsigned* x, unsigned* y, int n) { y[0] = A; }\n");
  expect_fault(options("random.cu", "A=1,2"),
               {"tune: random.cu:2 includes <curand_kernel.h>, which the cpu device does not "
                "emulate: use --device cuda\n"});
  expect_fault(options("missing.cu", "A=1,2"),
               {"missing.cu:2 includes <no/such.h>, which is not in the folder of the source"});
}

TEST_F(OwnHeaders, AFunctionThatIsNotEmulatedIsNamedWithItsLine) {
  write("texture.cu",
        "#include \"cuda_runtime.h\"\n"
        "__global__ void check(const unsigned* x, unsigned* y, int n) {\n"
        "  y[0] = tex2D<float>(x[0], A, 0);\n}\n");
  const Ran ran = tune(options("texture.cu", "A=1,2"));
  EXPECT_NE(ran.code, 0);
  EXPECT_NE((ran.out + ran.err)
                .find("texture.cu:3: the cpu device does not emulate tex2D: use --device cuda"),
            std::string::npos)
      << ran.out << ran.err;
}

}  // namespace
}  // namespace tw
