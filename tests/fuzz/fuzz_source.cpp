// Options that describe a kernel by its source, one a line: "--knob BLOCK=64,128". A fault names an
// option or the kernel, and accepted options make specs that are TOML.
#include <sstream>

#include "core/from_source/from_source.h"
#include "core/from_source/kernel_choice.h"
#include "core/text/toml_file.h"
#include "fuzz.h"

namespace {

using namespace tw;

constexpr const char* source = R"cu(
__constant__ float taps[5];
namespace shop {
template <class T, int BLOCK>
__global__ void scale(const T* __restrict__ x, T* y, float a, int n) {}
}
__global__ void saxpy(const float* x, float* y, float a, int n) {}
__global__ void plain(const float* x, float* y, float a, int n) {}
__global__ void bits(unsigned char* x, size_t n, bool yes) {}
)cu";

// Returns the options that the lines give. Lines of other flags are the name of the kernel.
SourceOptions options_of(const std::string& text, std::string& name) {
  SourceOptions options;
  options.kernel.text = "k.cu:saxpy";
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t blank = line.find(' ');
    const std::string flag = line.substr(0, blank);
    const std::string rest = blank == line.npos ? "" : line.substr(blank + 1);
    if (flag == "--knob") options.knobs.push_back({"knob", rest});
    if (flag == "--when") options.conditions.push_back({"when", rest});
    if (flag == "--arg") options.args.push_back({"arg", rest});
    if (flag == "--size") options.sizes.push_back({"size", rest});
    if (flag == "--option") options.compiler.push_back({"option", rest});
    if (flag == "--constant") options.constants.push_back({"constant", rest});
    if (flag == "--values") options.values.push_back({"values", rest});
    if (flag == "--expected") options.expected.push_back({"expected", rest});
    if (flag == "--reference") options.reference.text = rest;
    if (flag == "--grid") options.grid.text = rest;
    if (flag == "--block") options.block.text = rest;
    if (flag == "--smem") options.smem.text = rest;
    if (flag == "--kernel") {
      options.kernel.text = rest;
      if (const auto asked = source_and_name(rest)) name = asked->name;
    }
  }
  return options;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string name = "saxpy";
  const SourceOptions options = options_of(fuzz::text_of(data, size), name);
  Texts texts;
  try {
    texts = specs_of_source(options, "k.cu", name, {{"k.cu", source}}).texts();
  } catch (const Error& fault) {
    fuzz::expect(std::string(fault.what()).starts_with("--"), "a fault names an option");
    return 0;
  }
  for (const auto& [path, spec] : texts) {
    try {
      parse_toml(spec, path);
    } catch (const Error& fault) {
      std::fprintf(stderr, "%s\n%s\n", fault.what(), spec.c_str());
      fuzz::expect(false, "a spec is TOML");
    }
  }
  return 0;
}
