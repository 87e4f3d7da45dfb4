// Lists of problems as CSV. A fault names the file, and an accepted row is a problem with a key.
// The first line of the text says how the rows get their op: "op" for a column, else by a flag.
#include "fuzz.h"
#include "options/problem_options.h"
#include "options/problem_table.h"
#include "options/ranges.h"

namespace {

using namespace tw;

// As tuner/options/problem_options.cpp does, without flags.
Problem problem_of(const AskedRange& range, const std::string& shape) {
  ProblemText text = range.text;
  text.shape = shape;
  return parse_problem(range.entry->op, text);
}

AskedRange range_of_words(const std::vector<std::string>& words, const std::string& default_op,
                          const Catalog& catalog) {
  std::size_t at = words.front().find('=') == std::string::npos ? 1 : 0;
  AskedRange asked;
  asked.entry = &catalog.at(at == 1 ? words.front() : default_op);
  ProblemText& text = asked.text;
  text.shape = words.at(at);
  text.dtype = name_of(asked.entry->op.dtypes.front());
  for (++at; at < words.size(); ++at) {
    const std::size_t value = words[at].find('=') + 1;
    const std::string name = words[at].substr(0, value);
    if (name == "dtype=") text.dtype = words[at].substr(value);
    if (name == "math=") text.math = words[at].substr(value);
    if (name == "epilogue=") text.epilogue = words[at].substr(value);
    if (name == "layout=") text.shape += ",layout=" + words[at].substr(value);
  }
  asked.range = parse_range(text.shape);
  for (const std::string& shape : shapes_in(asked.range)) problem_of(asked, shape);
  return asked;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Catalog catalog = Catalog::load(builtin_spaces(), builtin_sources());
  const std::string text = fuzz::text_of(data, size);
  const std::string first = text.substr(0, text.find('\n'));
  const std::string rest = text.substr(std::min(first.size() + 1, text.size()));
  const std::string op = first == "op" ? "" : "gemm";
  is_problem_table("list", rest);
  try {
    const std::vector<AskedRange> ranges = ranges_of_table(
        rest, "list.csv", op, catalog,
        [&](const std::vector<std::string>& words) { return range_of_words(words, op, catalog); });
    for (const AskedRange& one : ranges) {
      fuzz::expect(one.line > 1, "a range stands below the header");
      const std::string written = one.range.text();
      fuzz::expect(parse_range(written).text() == written, "a range is written as it is read");
      for (const std::string& shape : shapes_in(one.range)) {
        const Problem problem = problem_of(one, shape);
        fuzz::expect(!problem.key(one.entry->op).empty(), "a problem has a key");
      }
    }
  } catch (const Error& error) {
    fuzz::expect(std::string(error.what()).starts_with("list.csv:"), "a fault names the file");
  }
  return 0;
}
