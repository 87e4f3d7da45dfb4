#include "options/problem_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <sstream>

#include "core/base/error.h"
#include "core/catalog/catalog.h"
#include "core/expr/expr.h"
#include "core/formats/recording_file.h"
#include "core/text/nearest.h"
#include "core/text/words.h"
#include "options/problem_table.h"
#include "options/source_options.h"

namespace tw {
namespace {

constexpr std::int64_t most_calls = 1'000'000'000'000;

ProblemText text_of_flags(const Arguments& arguments) {
  ProblemText text;
  text.dtype = arguments.text("dtype");
  text.math = arguments.text("math");
  text.epilogue = arguments.text("epilogue");
  text.align = static_cast<int>(arguments.integer("align", text.align, 1, 16));
  return text;
}

// Adds the op's choice named layout, if it is given apart from the shape.
void add_layout(ProblemText& text, const std::string& layout) {
  if (!layout.empty()) text.shape += (text.shape.empty() ? "layout=" : ",layout=") + layout;
}

Problem problem_of(const OpEntry& entry, ProblemText text) {
  if (text.dtype.empty()) text.dtype = name_of(entry.op.dtypes.front());
  return parse_problem(entry.op, text);
}

// Throws Error if a name or a value of the range is none of its op.
void check_values(const AskedRange& asked) {
  const std::vector<RangeAxis>& axes = asked.range.axes;
  std::vector<std::string> first;
  for (const RangeAxis& axis : axes) first.push_back(values_in(axis).front());
  const auto check = [&](std::size_t axis, const std::string& value) {
    std::vector<std::string> values = first;
    values[axis] = value;
    parse_shape(asked.entry->op, asked.range.shape(values));
  };
  for (std::size_t i = 0; i < axes.size(); ++i) {
    for (const RangePiece& piece : axes[i].pieces) {
      const bool is_span = piece.word.empty();
      check(i, is_span ? fmt::format("{}", piece.least) : piece.word);
      if (is_span) check(i, fmt::format("{}", piece.most));
    }
  }
}

bool is_shape(const std::string& word) {
  return word.find('=') != std::string::npos ||
         std::isdigit(static_cast<unsigned char>(word.front())) != 0;
}

// Reads the number of calls of "count=12". Throws Error.
std::int64_t count_from(const std::string& text) {
  const std::optional<std::int64_t> count = integer_from(text);
  if (!count || *count < 1 || *count > most_calls) {
    throw Error(fmt::format("count={}: not a number of calls from 1 to {}", text, most_calls));
  }
  return *count;
}

// Parses the words "op shape [dtype=..] [math=..] [epilogue=..] [layout=..] [count=..]". The op may
// be omitted if the flags name it.
AskedRange parse_words(const std::vector<std::string>& words, const Arguments& arguments,
                       const Catalog& catalog) {
  AskedRange asked;
  std::size_t at = 0;
  if (is_shape(words.front())) {
    asked.entry = &asked_op(arguments, catalog);
  } else {
    asked.entry = &catalog.at(words[at++]);
  }
  if (at == words.size()) throw Error("no shape after the op");
  ProblemText& text = asked.text = text_of_flags(arguments);
  std::string layout = arguments.text("layout"), count;
  text.shape = words[at++];
  std::map<std::string, std::string*> fields{{"dtype=", &text.dtype},
                                             {"math=", &text.math},
                                             {"epilogue=", &text.epilogue},
                                             {"layout=", &layout},
                                             {"count=", &count}};
  for (; at < words.size(); ++at) {
    const std::size_t value = std::min(words[at].find('='), words[at].size() - 1) + 1;
    const auto field = fields.find(words[at].substr(0, value));
    if (field == fields.end()) {
      const std::vector<std::string> known{"dtype=", "math=", "epilogue=", "layout=", "count="};
      throw Error(fmt::format("unknown '{}': after the shape, {}", words[at],
                              one_of(words[at].substr(0, value), known)));
    }
    if (!field->second) throw Error(fmt::format("'{}' is given twice: remove one", field->first));
    *field->second = words[at].substr(value);
    field->second = nullptr;
  }
  add_layout(text, layout);
  asked.range = parse_range(text.shape);
  check_values(asked);
  if (!fields.at("count=")) {
    asked.count = count_from(count);
    if (is_range(text.shape)) throw Error("count= and a range exclude each other: give sizes");
  }
  return asked;
}

// Returns the problems that stand for a range.
std::vector<Asked> problems_in(const AskedRange& range) {
  if (!is_range(range.text.shape)) return {problem_at(range, range.text.shape)};
  std::vector<Asked> asked;
  for (const std::string& shape : shapes_in(range.range)) asked.push_back(problem_at(range, shape));
  return asked;
}

// Throws Error if a line cannot be what the command needs.
using LineCheck = std::function<void(const AskedRange&)>;

std::vector<AskedRange> parse_lines(std::string text, const std::string& path,
                                    const Arguments& arguments, const Catalog& catalog,
                                    const LineCheck& check) {
  std::istringstream file(std::move(text));
  std::vector<AskedRange> asked;
  std::string line;
  for (int number = 1; std::getline(file, line); ++number) {
    std::istringstream stream(line.substr(0, line.find('#')));
    const std::vector<std::string> words{std::istream_iterator<std::string>(stream), {}};
    if (words.empty()) continue;
    try {
      asked.push_back(parse_words(words, arguments, catalog));
      asked.back().line = number;
      check(asked.back());
    } catch (const Error& error) {
      throw Error(fmt::format("{}:{}: {}", path, number, error.what()));
    }
  }
  return asked;
}

std::vector<AskedRange> parse_table(const std::string& text, const std::string& path,
                                    const Arguments& arguments, const Catalog& catalog,
                                    const LineCheck& check) {
  const bool is_only_op = catalog.foreign() && !arguments.has("op");
  const std::string op = is_only_op ? catalog.ops().front().op.name : arguments.text("op");
  return ranges_of_table(text, path, op, catalog, [&](const std::vector<std::string>& words) {
    AskedRange asked = parse_words(words, arguments, catalog);
    check(asked);
    return asked;
  });
}

std::vector<AskedRange> parse_shapes(const Arguments& arguments, const Catalog& catalog,
                                     const LineCheck& check) {
  for (const char* other : {"shape", "range"}) {
    if (arguments.has(other))
      throw Error(fmt::format("--{} and --shapes exclude each other", other));
  }
  const std::string path = arguments.text("shapes");
  std::string text = read_bytes(path);
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);  // a byte-order mark
  if (text.find('\0') != std::string::npos) {
    throw Error(fmt::format("--shapes {}: is not a text: save it as UTF-8", path));
  }
  std::vector<AskedRange> asked =
      is_problem_table(path, text) ? parse_table(text, path, arguments, catalog, check)
                                   : parse_lines(std::move(text), path, arguments, catalog, check);
  if (asked.empty()) {
    throw Error(
        fmt::format("--shapes {}: no problem in it: one a line, as in 'gemm m=1,n=2,k=3'", path));
  }
  return asked;
}

}  // namespace

std::vector<Flag> problem_flags() {
  std::vector<Flag> flags{
      {"op", "OP", "the op to compute; `tune ops` lists the ops"},
      {"shape", "NAME=N,...", "sizes: m=4096,n=4096,k=4096, or 4096x4096x4096 in the op's order"},
      {"shapes", "FILE",
       "many problems, one a line: OP SHAPE [dtype=..] [epilogue=..] [count=..]; or CSV with a "
       "header row that names the columns: op,m,n,k,dtype. A size may be a range: 64|4096, or "
       "1..8192 (both ends and the powers of two between them)"},
      {"dtype", "TYPE", "storage of the tensors (default: the op's first)"},
      {"math", "MATH", "how accurate products must be: f32, tf32, ... (default: as the dtype)"},
      {"layout", "NAME", "the op's choice named layout; the same as layout=NAME in --shape"},
      {"epilogue", "STEP,...",
       "the steps that are applied to the result, such as bias_column,relu"},
      {"align", "BYTES", "the least alignment of the tensors: 2, 4, 8 or 16 (default 16)"},
      {"kernel", "NAME",
       "search this kernel only. FILE.cu:NAME: tune the kernel NAME of your source, with the "
       "options "
       "--knob to --save-spec"},
      {"spec", "FILE", "your own op: its op.toml with the kernels beside it, or a T1 file (.json)"},
  };
  const std::vector<Flag> more = source_flags();
  flags.insert(flags.end(), more.begin(), more.end());
  return flags;
}

Catalog catalog_of(const Arguments& arguments) {
  if (has_source(arguments)) return catalog_of_source(arguments);
  if (arguments.has("spec")) return Catalog::load_file(arguments.text("spec"), builtin_sources());
  return Catalog::load(builtin_spaces(), builtin_sources(), "search_spaces/");
}

const OpEntry& asked_op(const Arguments& arguments, const Catalog& catalog) {
  if (arguments.has("op")) return catalog.at(arguments.text("op"));
  if (catalog.foreign()) return catalog.ops().front();
  std::vector<std::string> names;
  for (const OpEntry& entry : catalog.ops()) names.push_back(entry.op.name);
  throw Error(fmt::format("no --op: one of {}", fmt::join(names, ", ")));
}

Asked problem_at(const AskedRange& range, const std::string& shape) {
  ProblemText text = range.text;
  text.shape = shape;
  return {.entry = range.entry,
          .problem = problem_of(*range.entry, text),
          .shape = shape,
          .line = range.line,
          .count = range.count};
}

std::vector<AskedRange> asked_ranges(const Arguments& arguments, const Catalog& catalog) {
  if (arguments.has("shapes")) return parse_shapes(arguments, catalog, [](const AskedRange&) {});
  const OpEntry& entry = asked_op(arguments, catalog);
  if (!arguments.has("range")) {
    throw Error(fmt::format("no --range: for example {}, with ranges such as 1..8192 or 64|4096",
                            entry.op.example));
  }
  AskedRange asked{.entry = &entry, .text = text_of_flags(arguments)};
  asked.text.shape = arguments.text("range");
  try {
    add_layout(asked.text, arguments.text("layout"));
    asked.range = parse_range(asked.text.shape);
    check_values(asked);
  } catch (const Error& error) {
    throw Error(fmt::format("--range: {}", error.what()));
  }
  return {asked};
}

std::vector<Asked> asked_problems(const Arguments& arguments, const Catalog& catalog) {
  if (arguments.has("shapes")) {
    std::vector<Asked> asked;
    const auto check = [](const AskedRange& range) { problems_in(range); };
    for (const AskedRange& range : parse_shapes(arguments, catalog, check)) {
      const std::vector<Asked> problems = problems_in(range);
      asked.insert(asked.end(), problems.begin(), problems.end());
    }
    return asked;
  }
  const OpEntry& entry = asked_op(arguments, catalog);
  const auto& dims = entry.op.dims;
  const bool needs_shape =
      std::any_of(dims.begin(), dims.end(), [](const DimSpec& dim) { return !dim.fallback; });
  if (needs_shape && !arguments.has("shape")) {
    throw Error(fmt::format("no --shape: for example {}", entry.op.example));
  }
  ProblemText text = text_of_flags(arguments);
  text.shape = arguments.text("shape");
  if (is_range(text.shape)) {
    throw Error(
        fmt::format("--shape '{}' is a range: put it into a file for --shapes, or let `tune "
                    "cover --range` choose among its shapes",
                    text.shape));
  }
  add_layout(text, arguments.text("layout"));
  return {{.entry = &entry, .problem = problem_of(entry, text), .shape = text.shape, .line = 0}};
}

std::string asked_kernel(const Arguments& arguments) {
  return has_source(arguments) ? "" : arguments.text("kernel");
}

std::vector<const KernelSpec*> asked_kernels(const std::string& wanted, const OpEntry& entry) {
  std::vector<const KernelSpec*> kernels;
  std::vector<std::string> names;
  for (const KernelSpec& kernel : entry.kernels) {
    names.push_back(kernel.name);
    if (wanted.empty() || wanted == kernel.name) kernels.push_back(&kernel);
  }
  if (!kernels.empty()) return kernels;
  if (names.empty()) throw Error(fmt::format("{} has no kernels", entry.op.name));
  throw Error(
      fmt::format("{} has no kernel '{}': {}", entry.op.name, wanted, one_of(wanted, names)));
}

}  // namespace tw
