// Problems: as keys, in one line, and as options, one per line: op, shape, dtype, math, epilogue.
// An accepted problem has a key and a shape that give the same problem.
#include "core/catalog/catalog.h"
#include "core/problem/problem.h"
#include "fuzz.h"

namespace {

using namespace tw;

void check(const OpSpec& op, const Problem& problem) {
  const DeviceInfo device = emulated_device(90);
  const std::string key = problem.key(op);
  fuzz::expect(problem_from_key(op, key).key(op) == key, "a key gives its problem");
  const ProblemText text{problem.shape(op), std::string(name_of(problem.dtype)), problem.math,
                         problem.epilogue.text(), problem.align};
  fuzz::expect(parse_problem(op, text).key(op) == key, "a shape gives its problem");
  fuzz::expect(roofline_ns(op, problem, device) >= 0, "a roofline is a time");
  fuzz::accepts([&] { check_memory(op, problem, device); });
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Catalog catalog = Catalog::load(builtin_spaces(), builtin_sources());
  const std::string text = fuzz::text_of(data, size);
  const std::vector<std::string> lines = fuzz::parts_of(text, "");
  const std::string& first = lines.front();
  const OpEntry* entry = catalog.find(first.substr(0, first.find(' ')));
  const OpSpec& op = entry ? entry->op : catalog.at("gemm").op;
  Problem problem;
  const bool accepted = fuzz::accepts([&] {
    if (lines.size() == 1) {
      problem = problem_from_key(op, text);
    } else {
      const auto line = [&](std::size_t i) { return i < lines.size() ? lines[i] : ""; };
      problem = parse_problem(op, {line(1), line(2), line(3), line(4)});
    }
  });
  if (accepted) check(op, problem);
  return 0;
}
