// Every command line of the README and the docs that needs no GPU does what it says: its exit code
// is 0. The blocks are those marked `bash`. A skipped line is listed with the rule that skips it.
#include <set>

#include "core/catalog/catalog.h"
#include "core/problem/problem.h"
#include "core/space/space.h"
#include "unit/cli/fixture.h"
#include "unit/support/paths.h"

namespace tw {
namespace {

// Lines with this text are skipped.
struct Rule {
  std::string_view text, why;
};
constexpr Rule rules[] = {
    {" ... ", "words are left out"},
    {"cuda:", "needs a GPU"},
    {"recheck", "needs a GPU"},
    {"--device all", "needs a GPU"},
    {"--workers ", "needs another host"},
    {"tune-mpi ", "needs MPI and GPUs"},
    {"tune compare ", "needs two databases with the same problems"},
    {" python3 ", "is a program of the user"},
    {"--shapes captured.txt", "needs a GPU"},
    {"--kernel saxpy.cu", "times a kernel of the user, on a GPU"},
    {"--spec spec/", "reads what a line for a GPU has written"},
    {"--format cubin", "needs NVRTC"},
    {"--max-bytes", "needs NVRTC"},
    {"nvcc ", "needs nvcc"},
    {"g++ ", "needs the headers of the CUDA toolkit"},
    {"gdb ", "is interactive"},
    {"gdb)", "is interactive"},
    {"scripts/", "builds the project"},
    {"cmake ", "builds the project"},
    {"ctest ", "builds the project"},
    {"build-dev/", "builds the project"},
    {"docker ", "needs Docker"},
    {"spack ", "needs Spack"},
    {"jq ", "jq may not be there"},
};
// Lines that begin with one of these words are run.
constexpr std::string_view runnable[] = {"tune ", "sqlite3 ", "printf ", "source <(tune ",
                                         "CUBLASLT_LOG_LEVEL="};

struct Line {
  std::string where, text;
};

// Returns the text without a comment: a # after a blank and outside of quotes.
std::string without_comment(const std::string& text) {
  char quote = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote != 0) {
      if (c == quote) quote = 0;
    } else if (c == '\'' || c == '"') {
      quote = c;
    } else if (c == '#' && (i == 0 || text[i - 1] == ' ')) {
      return text.substr(0, i);
    }
  }
  return text;
}

// Returns the command lines of a page's bash blocks; a line that ends in \ goes on in the next.
std::vector<Line> lines_of(const std::string& page) {
  std::vector<Line> lines;
  std::istringstream text(text_of_file(source_path(page)));
  bool is_bash = false, goes_on = false;
  int number = 0;
  for (std::string line; std::getline(text, line);) {
    ++number;
    if (line.starts_with("```")) {
      is_bash = line == "```bash";
      goes_on = false;
      continue;
    }
    if (!is_bash) continue;
    line = without_comment(line);
    line.erase(line.find_last_not_of(' ') + 1);
    if (line.empty()) continue;
    const bool continues = line.ends_with('\\');
    if (continues) line.pop_back();
    if (goes_on) {
      lines.back().text += line;
    } else {
      lines.push_back({page + ":" + std::to_string(number), line});
    }
    goes_on = continues;
  }
  return lines;
}

const Rule* rule_of(const std::string& text) {
  const auto at = std::find_if(std::begin(rules), std::end(rules), [&](const Rule& rule) {
    return text.find(rule.text) != std::string::npos;
  });
  return at == std::end(rules) ? nullptr : at;
}

class CliDocs : public Cli {
 protected:
  void SetUp() override {
    for (const char* name : {"tilewright.db", "ours.db", "colleague.db", "h200.db", "h100.db"}) {
      write_database((folder_ / name).string(),
                     std::string(name) == "h100.db" ? "NVIDIA H100" : "NVIDIA H200");
    }
    fs::create_directory(folder_ / "bin");
    fs::create_symlink(executable_, folder_ / "bin/tune");
    write_program();
  }
  // Writes a program that logs as cuBLASLt does, and a folder of logs.
  void write_program() {
    fs::create_directory(folder_ / "more_logs");
    const fs::path logs = source_path("tests/data/capture");
    fs::copy(logs / "cublaslt.log", folder_ / "cublaslt.log");
    fs::copy(logs / "cudnn.log", folder_ / "more_logs");
    write("program",
          "#!/bin/sh\n"
          "cp cublaslt.log \"$(echo \"$CUBLASLT_LOG_FILE\" | sed s/%i/1234/)\"\n");
    fs::permissions(folder_ / "program", fs::perms::owner_all);
  }
  // Writes rows of gemm, as if they had been measured on a GPU.
  static void write_database(const std::string& path, const std::string& model) {
    static const Catalog catalog = Catalog::load(builtin_spaces(), builtin_sources());
    const OpEntry& gemm_op = catalog.at("gemm");
    DeviceInfo device = emulated_device(90);
    device.model = model;
    Store store = Store::open(path, Store::Mode::read_write);
    for (const KernelSpec& kernel : gemm_op.kernels) {
      const std::string key = kernel.name == "simt" ? "gemm f32 m=4096,n=4096,k=4096"
                                                    : "gemm bf16 m=4096,n=4096,k=4096,layout=nt";
      const Problem problem = problem_from_key(gemm_op.op, key);
      const auto found =
          SearchSpace::try_enumerate(kernel, slots_of(gemm_op.op, kernel.names, problem, device));
      const auto* space = std::get_if<SearchSpace>(&found);
      if (!space || space->size() == 0 || (kernel.name != "simt" && kernel.name != "mma")) continue;
      RunInfo run;
      Situation& situation = run.context.situation;
      situation.op = "gemm";
      situation.problem = key;
      situation.device_model = model;
      situation.device_limits = device_limits_of(device);
      situation.driver = "580.1";
      situation.toolchain = "NVRTC 13.0";
      run.context.code.kernel = kernel.name;
      run.context.code.source_digest = catalog.source_digest(kernel, problem.epilogue);
      run.strategy = "random";
      const std::int64_t id = store.begin_run(run);
      Measurement measurement;
      measurement.samples_ns.assign(5, 1e6);
      store.append(id, TrialKind::search, run.context, text_of(space->knobs(), (*space)[0]),
                   measurement);
      measurement = {};
      measurement.outcome = Outcome::wrong_result;
      store.append(id, TrialKind::search, run.context, text_of(space->knobs(), (*space)[1]),
                   measurement);
      store.end_run(id, RunEnd::finished);
    }
  }
  // Runs a line in bash, in the test's folder, without a GPU.
  Ran bash(const std::string& text) {
    write("line", text + "\n");
    const std::string command =
        "cd '" + folder_.string() + "' && env CUDA_VISIBLE_DEVICES= XDG_CACHE_HOME='" +
        (folder_ / "cache").string() + "' PATH='" + (folder_ / "bin").string() +
        "':\"$PATH\" bash line >out.txt 2>err.txt";
    const int status = std::system(command.c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text_of_file(folder_ / "out.txt"),
            text_of_file(folder_ / "err.txt")};
  }
  void run_page(const std::string& page) {
    for (const Line& line : lines_of(page)) {
      if (const Rule* rule = rule_of(line.text)) {
        std::printf("skipped %s: %s: %s\n", line.where.c_str(), std::string(rule->why).c_str(),
                    line.text.c_str());
        continue;
      }
      const bool is_known =
          std::any_of(std::begin(runnable), std::end(runnable),
                      [&](std::string_view word) { return line.text.starts_with(word); });
      EXPECT_TRUE(is_known) << line.where << ": no rule for " << line.text;
      const Ran ran = is_known ? bash(line.text) : Ran{.code = 0, .out = {}, .err = {}};
      EXPECT_EQ(ran.code, 0) << line.where << ": " << line.text << "\n" << ran.out << ran.err;
    }
  }
};

TEST_F(CliDocs, EveryLineThatNeedsNoGpuRuns) {
  run_page("README.md");
  run_page("CONTRIBUTING.md");
  std::set<std::string> pages;
  for (const auto& entry : fs::directory_iterator(source_path("docs"))) {
    if (entry.path().extension() == ".md") pages.insert(entry.path().filename().string());
  }
  ASSERT_GT(pages.size(), 10u);
  for (const std::string& page : pages) run_page("docs/" + page);
}

TEST_F(CliDocs, LinksAndAnchorsAreThere) {
  EXPECT_EQ(
      std::system((source_path("scripts/links") + " >'" + (folder_ / "out.txt").string() + "' 2>&1")
                      .c_str()),
      0)
      << text_of_file(folder_ / "out.txt");
  write("page.md", "# A b\n[x](#a-b) [y](no.md) [z](#none)\n`[q](no2.md)`\n");
  const Ran ran = bash("'" + source_path("scripts/links") + "' page.md");
  EXPECT_EQ(ran.code, 1);
  EXPECT_EQ(ran.out,
            "page.md:2: no.md: there is no ./no.md\n"
            "page.md:2: #none: page.md has no heading #none\n");
}

}  // namespace
}  // namespace tw
