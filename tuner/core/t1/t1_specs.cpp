// Writes the kernel of a T1 file in our own format.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "core/base/error.h"
#include "core/base/texts.h"
#include "core/spec/compiler_options.h"
#include "core/spec/kernel_name.h"
#include "core/spec/spec_reader.h"
#include "core/t1/t1.h"
#include "core/t1/t1_parts.h"
#include "core/text/toml_text.h"

namespace tw {

struct T1File::Parts {
  Parts(const std::string& text, const std::string& path) : document(text, path) {}
  JsonDocument document;
  GeneratedSpecs<Place> specs;
  std::vector<std::string> notices;
};

namespace {

struct Extent {
  std::string x, y, z;
};

// Checks a number that reads no parameter. Other numbers are checked with each configuration.
std::string size_of(const Place& extent, const char* name, std::int64_t most,
                    const T1Expressions& expressions) {
  if (!extent.has(name)) return "1";
  std::string whole = expressions.whole(extent.at(name));
  const auto value = expressions.constant(whole);
  if (value && (*value < 1 || *value > most)) {
    extent.at(name).fail(fmt::format("is not from 1 to {}", most));
  }
  return whole;
}

Extent extent_of(const Place& place, std::int64_t most_x, std::int64_t most_y, std::int64_t most_z,
                 const T1Expressions& expressions) {
  place.allow({"X", "Y", "Z"}).at("X");
  return {.x = size_of(place, "X", most_x, expressions),
          .y = size_of(place, "Y", most_y, expressions),
          .z = size_of(place, "Z", most_z, expressions)};
}

// Returns the numbers of blocks. The global size is a number of blocks if its type is CUDA, and of
// threads if it is OpenCL.
Extent grid_of(const Place& kernel, const Extent& block, const T1Expressions& expressions) {
  const std::string type = kernel.text_or("GlobalSizeType", "CUDA");
  const Place size = kernel.at("GlobalSize");
  if (type == "CUDA") return extent_of(size, INT32_MAX, 65535, 65535, expressions);
  if (type != "OpenCL") kernel.at("GlobalSizeType").fail("is neither CUDA nor OpenCL: write one");
  Extent grid = extent_of(size, INT64_MAX, INT64_MAX, INT64_MAX, expressions);
  const auto blocks = [](std::string& threads, const std::string& of_block) {
    threads = fmt::format("ceil_div({}, {})", threads, of_block);
  };
  blocks(grid.x, block.x);
  blocks(grid.y, block.y);
  blocks(grid.z, block.z);
  return grid;
}

// Returns the divisor of one dimension of the problem. If the file has none, the divisor is the
// parameter `name`, which is Kernel Tuner's name of the block size, or 1 if there is no such
// parameter.
std::string divisor_of(const Place& kernel, const char* key, const std::string& name,
                       const T1Expressions& expressions) {
  if (!kernel.has(key) || kernel.at(key).json().empty()) {
    return expressions.is_parameter(name) ? name : "1";
  }
  const Place list = kernel.at(key);
  if (!list.json().is_array()) return expressions.whole(list);
  std::vector<std::string> factors;
  for (std::size_t i = 0; i < list.array().size(); ++i) {
    factors.push_back(fmt::format("({})", expressions.whole(list.element(i))));
  }
  return fmt::format("{}", fmt::join(factors, " * "));
}

// Counts blocks as Kernel Tuner does: ProblemSize divided by the product of GridDiv, rounded up.
Extent grid_of_problem(const Place& kernel, const T1Expressions& expressions) {
  if (!kernel.has("ProblemSize")) kernel.fail("has no member \"GlobalSize\": add it");
  const Place size = kernel.at("ProblemSize");
  const bool is_list = size.json().is_array();
  const std::size_t count = is_list ? size.array().size() : 1;
  if (count < 1 || count > 3) size.fail("is not a number, nor a list of one to three");
  constexpr const char* divisors[] = {"GridDivX", "GridDivY", "GridDivZ"};
  constexpr const char* blocks[] = {"block_size_x", "block_size_y", "block_size_z"};
  std::string grid[3] = {"1", "1", "1"};
  for (std::size_t i = 0; i < count; ++i) {
    grid[i] = fmt::format("ceil_div({}, {})", expressions.whole(is_list ? size.element(i) : size),
                          divisor_of(kernel, divisors[i], blocks[i], expressions));
  }
  return {.x = grid[0], .y = grid[1], .z = grid[2]};
}

// Kernel Tuner divides ProblemSize by GridDiv and does not read GlobalSize.
bool has_problem_grid(const Place& kernel) {
  if (!asks_for(kernel, "ProblemSize")) return false;
  return !kernel.has("GlobalSize") || asks_for(kernel, "GridDivX") ||
         asks_for(kernel, "GridDivY") || asks_for(kernel, "GridDivZ");
}

void check_grid(const Place& kernel) {
  if (!asks_for(kernel, "ProblemSize")) {
    constexpr const char* none =
        "it divides a ProblemSize, which is not there: add that, or write "
        "GlobalSize";
    refuse(kernel, {{"GridDivX", none}, {"GridDivY", none}, {"GridDivZ", none}});
  }
}

// Drops options that change nothing: the folder of the file is searched anyway, and device code is
// optimised.
std::vector<std::string> options_of(const Place& kernel) {
  std::vector<std::string> passed;
  if (!kernel.has("CompilerOptions") || kernel.at("CompilerOptions").json().is_null())
    return passed;
  const Place options = kernel.at("CompilerOptions");
  for (std::size_t i = 0; i < options.array().size(); ++i) {
    const std::string& option = options.element(i).text();
    if (option.empty() || option == "-I." || option == "-I./" || option == "-O3") continue;
    const std::string fault = option_fault(option);
    if (!fault.empty()) options.element(i).fail(fault);
    passed.push_back(toml_string(option));
  }
  return passed;
}

constexpr const char* no_reference =
    "results are compared with those of the default configuration: remove it, or write an op.toml "
    "with a [reference]";
void refuse_of_kernel(const Place& kernel) {
  kernel.allow({"Language",      "CompilerOptions", "KernelName",
                "KernelFile",    "GlobalSizeType",  "GlobalSize",
                "LocalSize",     "Arguments",       "BenchmarkName",
                "SharedMemory",  "ProblemSize",     "GridDivX",
                "GridDivY",      "GridDivZ",        "ReferenceArguments",
                "ReferenceData", "KernelTypeNames", "SimulationInput",
                "Device",        "Profiling",       "Stream",
                "Misc"});
  refuse(kernel,
         {
             {"ReferenceData", no_reference},
             {"KernelTypeNames",
              "name the instance in KernelName, as in scale<float, 2>, and remove "
              "it"},
             {"SimulationInput", "recorded results are read by --device replay:FILE: remove it"},
             {"Device", "--device says what a kernel runs on: remove it"},
             {"Profiling", "`tune explain` shows what the hardware counts: remove it"},
             {"Stream", "kernels run on a stream of our own: remove it"},
         });
}

void check_general(const Place& document) {
  if (!document.has("General")) return;
  const Place general = document.at("General");
  general.allow(
      {"FormatVersion", "BenchmarkName", "LoggingLevel", "TimeUnit", "OutputFile", "OutputFormat"});
  if (!general.has("FormatVersion")) return;
  const Place version = general.at("FormatVersion");
  const std::string number = version.json().is_string() ? version.text() : version.json().dump();
  if (number.substr(0, number.find('.')) > "1") {
    version.fail("is a format that is not known here: 1 is");
  }
}

// Names the keys that are about a tuner, not about the kernel.
std::vector<std::string> notices_of(const Place& document, const std::string& path) {
  std::vector<std::string> keys;
  for (const char* key : {"Search", "SearchSettings", "Budget"}) {
    if (document.has(key)) keys.emplace_back(key);
  }
  if (document.has("BenchmarkConfig")) keys.emplace_back("BenchmarkConfig");
  const Place kernel = document.at("KernelSpecification");
  if (asks_for(kernel, "Misc")) keys.emplace_back("KernelSpecification.Misc");
  if (asks_for(kernel, "ProblemSize") && kernel.has("GlobalSize")) {
    keys.emplace_back(has_problem_grid(kernel) ? "KernelSpecification.GlobalSize"
                                               : "KernelSpecification.ProblemSize");
  }
  for (const char* key : {"LoggingLevel", "TimeUnit", "OutputFile", "OutputFormat"}) {
    if (document.has("General") && document.at("General").has(key)) {
      keys.push_back(fmt::format("General.{}", key));
    }
  }
  if (keys.empty()) return {};
  return {
      fmt::format("{}: not read: {}: the command's own options say how to search and what to "
                  "write, and one of two sizes says the grid",
                  path, fmt::join(keys, ", "))};
}

void check_document(const Place& document) {
  document.allow({"General", "ConfigurationSpace", "KernelSpecification", "Search",
                  "SearchSettings", "Budget", "BenchmarkConfig", "verification"});
  refuse(document, {{"verification", no_reference}});
  check_general(document);
}

// Checks the names of parameters: each is a macro of the source and a name in our expressions.
void check_parameters(const Place& parameters, const BareSpace& space) {
  const Scope words;
  for (std::size_t i = 0; i < space.knobs.size(); ++i) {
    const Place parameter = parameters.element(i);
    for (const std::string& word : space.knobs[i].words) {
      if (is_knob_word(word)) continue;
      parameter.at("Values").fail(fmt::format(
          "has the value '{}', with blanks, quotes or signs that stand between parameters: use "
          "another name, such as a typedef's",
          word));
    }
    if (words.is(space.knobs[i].name, Scope::Kind::reserved)) {
      parameter.at("Name").fail(
          "is a word of the expressions: use another name, in the source too");
    }
  }
}

void add_knobs(const Place& parameters, const BareSpace& space, T1SpecText& spec) {
  for (std::size_t i = 0; i < space.knobs.size(); ++i) {
    const Knob& knob = space.knobs[i];
    std::string values;
    for (const std::int64_t value : knob.values) {
      const std::string text = knob.text(value);
      values += values.empty() ? "" : ", ";
      values += knob.kind == Knob::Kind::word ? toml_string(text) : text;
    }
    const Place parameter = parameters.element(i);
    spec.add(parameter.at("Name"), fmt::format("[[knob]]\nname = {}\n", toml_string(knob.name)));
    const bool is_text = knob.kind == Knob::Kind::word;
    spec.add(parameter.at("Values"),
             fmt::format("values = [{}]\n{}", values, is_text ? "text = true\n" : ""));
  }
}

void add_conditions(const Place& configuration, const BareSpace& space, T1SpecText& spec) {
  spec.add(configuration, "[require]\n");
  std::set<std::string> seen;
  for (std::size_t i = 0; i < space.require.size(); ++i) {
    const Constraint& constraint = space.require[i];
    if (!seen.insert(constraint.reason).second) continue;
    spec.add(configuration.at("Conditions").element(i).at("Expression"),
             fmt::format("{} = {}\n", toml_string(constraint.reason),
                         toml_string(constraint.expr.text())));
  }
}

bool has_shared_memory(const Place& kernel) {
  return kernel.has("SharedMemory") && !kernel.at("SharedMemory").json().is_null();
}

void add_launch(const Place& kernel, const T1Expressions& expressions, const T1Arguments& arguments,
                T1SpecText& spec) {
  const Extent block = extent_of(kernel.at("LocalSize"), 1024, 1024, 64, expressions);
  const bool by_problem = has_problem_grid(kernel);
  const Extent grid =
      by_problem ? grid_of_problem(kernel, expressions) : grid_of(kernel, block, expressions);
  spec.add(kernel.at("KernelName"),
           fmt::format("[[launch]]\nentry = {}\n", toml_string(kernel.at("KernelName").text())));
  spec.add(kernel.at(by_problem ? "ProblemSize" : "GlobalSize"),
           fmt::format("grid = [\"{}\", \"{}\", \"{}\"]\n", grid.x, grid.y, grid.z));
  spec.add(kernel.at("LocalSize"),
           fmt::format("block = [\"{}\", \"{}\", \"{}\"]\n", block.x, block.y, block.z));
  std::vector<std::string> shared = arguments.shared;
  if (has_shared_memory(kernel)) {
    shared.insert(shared.begin(), expressions.whole(kernel.at("SharedMemory")));
  }
  if (!shared.empty()) {
    spec.add(kernel.has("SharedMemory") ? kernel.at("SharedMemory") : kernel.at("Arguments"),
             fmt::format("smem = \"{}\"\n", fmt::join(shared, " + ")));
  }
  spec.add(kernel.at("Arguments"), fmt::format("args = [{}]\n", fmt::join(arguments.list, ", ")));
}

// Writes op.toml. The file does not say which parts of the vectors are read and written, so there
// is no roofline.
T1SpecText op_of(const Place& kernel, const std::string& name, const std::string& path,
                 const T1Arguments& arguments) {
  T1SpecText op(kernel);
  op.add(kernel.at("KernelName"),
         fmt::format("[op]\nname = {}\ndoc = {}\nexample = {}\ndtypes = [\"{}\"]\nflops = \"0\"\n"
                     "bytes = \"0\"\n",
                     toml_string(name), toml_string("the kernel of " + path),
                     toml_string("tune --spec " + path), name_of(arguments.dtype)));
  op.add(arguments.tables);
  return op;
}

T1SpecText kernel_of(const Place& document, const BareSpace& space,
                     const T1Expressions& expressions, const T1Arguments& arguments) {
  const Place configuration = document.at("ConfigurationSpace");
  const Place kernel = document.at("KernelSpecification");
  T1SpecText spec(kernel);
  spec.add(kernel, "[kernel]\n");
  spec.add(kernel.at("KernelFile"),
           fmt::format("source = {}\n", toml_string(kernel.at("KernelFile").text())));
  spec.add(kernel.at("Arguments"),
           fmt::format("needs = \"{}\"\n",
                       arguments.align > 0 ? fmt::format("align >= {}", arguments.align) : "true"));
  spec.add(kernel, "knobs = \"macros\"\n");
  const std::vector<std::string> options = options_of(kernel);
  if (!options.empty()) {
    spec.add(kernel.at("CompilerOptions"),
             fmt::format("options = [{}]\n", fmt::join(options, ", ")));
  }
  add_knobs(configuration.at("TuningParameters"), space, spec);
  spec.add(kernel, "[let]\n");
  spec.add(arguments.sizes);
  add_conditions(configuration, space, spec);
  spec.add(arguments.constants);
  add_launch(kernel, expressions, arguments, spec);
  return spec;
}

void check_kernel(const Place& kernel) {
  refuse_of_kernel(kernel);
  check_grid(kernel);
  if (kernel.at("Language").text() != "CUDA") {
    kernel.at("Language").fail("is not CUDA: kernels in other languages cannot be tuned");
  }
  if (!is_kernel_name(kernel.at("KernelName").text())) {
    kernel.at("KernelName")
        .fail(
            "names no kernel: write it as C++ does, for example scale or "
            "shop::ops::scale<float, 2>");
  }
}

std::optional<std::size_t> parameters_in(const Place& kernel, const ParameterCount& count) {
  const Place file = kernel.at("KernelFile");
  const std::string &path = file.text(), &name = kernel.at("KernelName").text();
  try {
    return count(path, name);
  } catch (const Error& fault) {
    file.fail(fault.what());
  }
}

}  // namespace

T1File::T1File(const std::string& text, const std::string& path, const ParameterCount& count)
    : parts_(std::make_unique<Parts>(text, path)) {
  const Place document(parts_->document);
  const Place configuration = document.at("ConfigurationSpace").object();
  const BareSpace space = read_t1_space(configuration);
  const Place kernel = document.at("KernelSpecification").object();
  check_document(document);
  check_kernel(kernel);
  check_parameters(configuration.at("TuningParameters"), space);
  const T1Expressions expressions(space, kernel);
  const T1Arguments arguments =
      read_t1_arguments(kernel, expressions, parameters_in(kernel, count));
  std::string name = identifier_of(kernel.at("KernelName").text());
  if (name == "op") name = "op_";  // "op.toml" is the op's own file
  parts_->specs.add("op.toml", op_of(kernel, name, path, arguments));
  parts_->specs.add(name + ".toml", kernel_of(document, space, expressions, arguments));
  parts_->notices = notices_of(document, path);
  auto notices = unused_defaults(configuration.at("TuningParameters"), space);
  notices.insert(notices.end(), arguments.notices.begin(), arguments.notices.end());
  for (const std::string& notice : notices) {
    parts_->notices.push_back(fmt::format("{}: {}", path, notice));
  }
}

T1File::T1File(T1File&&) noexcept = default;
T1File::~T1File() = default;

const Texts& T1File::specs() const { return parts_->specs.texts(); }
const std::vector<std::string>& T1File::notices() const { return parts_->notices; }

void T1File::blame(const TomlError& fault) const { parts_->specs.blame(fault); }

Texts t1_specs(const std::string& json, const std::string& path) {
  const auto unknown = [](const std::string&, const std::string&) { return std::nullopt; };
  return T1File(json, path, unknown).specs();
}

}  // namespace tw
