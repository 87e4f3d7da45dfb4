// Logs of cuBLAS, cuBLASLt and cuDNN. Any text can be read, and each problem that it lists is one
// that its op accepts.
#include <sstream>

#include "capture/calls/findings.h"
#include "capture/logs/log_reader.h"
#include "core/problem/problem.h"
#include "fuzz.h"

namespace {

// Returns the ops without their kernels, which take long to read.
tw::Catalog ops_of_captures() {
  tw::Texts spaces;
  for (const char* op : {"gemm", "conv2d", "conv_transpose2d"}) {
    spaces.insert(*tw::builtin_spaces().find(std::string(op) + "/op.toml"));
  }
  return tw::Catalog::load(spaces, tw::builtin_sources());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace tw;
  static const Catalog catalog = ops_of_captures();
  capture::Findings findings(catalog);
  std::istringstream log(fuzz::text_of(data, size));
  capture::LogReader(findings).read(log);
  for (const capture::FoundProblem& found : findings.problems()) {
    const OpSpec& op = found.problem.entry->op;
    const Problem& problem = found.problem.problem;
    const Problem again = parse_problem(op, {.shape = problem.shape(op),
                                             .dtype = std::string(name_of(problem.dtype)),
                                             .math = problem.math,
                                             .epilogue = problem.epilogue.text()});
    fuzz::expect(again.key(op) == problem.key(op), "a listed problem can be read again");
    fuzz::expect(found.problem.line().find_first_of("\n#") == std::string::npos,
                 "a problem is one line");
    fuzz::expect(found.calls > 0, "a listed problem has calls");
  }
  for (const capture::UnreadCalls& unread : findings.unread()) {
    fuzz::expect(!unread.why.empty() && unread.calls > 0, "a call that is not listed has a reason");
  }
  return 0;
}
