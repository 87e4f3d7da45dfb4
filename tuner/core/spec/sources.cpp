// Reads CUDA sources lightly: enough to follow includes and to compare a struct with its knobs.
#include "core/spec/sources.h"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <fstream>
#include <iterator>
#include <set>

#include "core/base/error.h"
#include "core/base/texts.h"
#include "core/spec/directives.h"
#include "core/spec/system_headers.h"
#include "core/text/words.h"

namespace tw {
namespace fs = std::filesystem;
bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; }

namespace {

// Returns the end of the literal whose opening quote is text[begin]; text.size() if it is not
// closed.
std::size_t end_of_literal(std::string_view text, std::size_t begin) {
  for (std::size_t i = begin + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == text[begin] || text[i] == '\n') {
      return i + 1;
    }
  }
  return text.size();
}

// Returns words ("::" is part of a word) and single punctuation marks.
std::vector<std::string> tokens_of(std::string_view text) {
  std::vector<std::string> tokens;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t begin = i;
    while (i < text.size() && (is_word(text[i]) || text.substr(i, 2) == "::")) {
      i += is_word(text[i]) ? 1 : 2;
    }
    if (i == begin) ++i;
    if (std::isspace(static_cast<unsigned char>(text[begin])) == 0) {
      tokens.emplace_back(text.substr(begin, i - begin));
    }
  }
  return tokens;
}

// Adds the members that one declaration in the body of a struct declares: `int a, b = 1` declares
// two, a function or an alias none.
void add_fields(const std::vector<std::string>& statement, std::vector<Field>& fields) {
  static const std::set<std::string> other{"static", "using",    "typedef", "enum",
                                           "struct", "template", "friend",  "static_assert"};
  if (statement.empty() || other.contains(statement.front())) return;
  std::string type, name;
  bool in_initialiser = false, first = true;
  int depth = 0;
  const auto finish = [&] {
    if (!name.empty()) fields.push_back({type, name});
    name.clear();
    in_initialiser = first = false;
  };
  for (const std::string& token : statement) {
    if (token == "(" && !in_initialiser) return;  // a function
    if (token == "{" || token == "(") ++depth;
    if (token == "}" || token == ")") --depth;
    if (token == "=" || token == "{") in_initialiser = true;
    if (token == "," && depth == 0) {
      finish();
    } else if (!in_initialiser && is_word(token.front())) {
      if (first && !name.empty()) type += (type.empty() ? "" : " ") + name;
      name = token;
    }
  }
  finish();
}

bool stays_inside(const std::string& path) {
  const fs::path parsed(path);
  if (path.empty() || parsed.is_absolute()) return false;
  return std::none_of(parsed.begin(), parsed.end(), [](const fs::path& p) { return p == ".."; });
}

// Returns whether a directive may start at text[at]: only blanks, or the end of a comment, stand
// before it on its line.
bool may_start_directive(std::string_view text, std::size_t at) {
  std::size_t begin = at;
  while (begin > 0 && text[begin - 1] != '\n' &&
         static_cast<unsigned char>(text[begin - 1]) <= ' ') {
    --begin;
  }
  const std::string_view before = text.substr(0, begin);
  return before.empty() || before.ends_with('\n') || before.ends_with("*/") ||
         before == "\xEF\xBB\xBF";
}

// Returns `line` without its leading blanks and comments. If a comment does not end, returns the
// rest from its "/*" on.
std::string_view after_comments(std::string_view line) {
  while (!line.empty()) {
    if (line.starts_with("/*")) {
      const std::size_t end = line.find("*/", 2);
      if (end == line.npos) return line;
      line.remove_prefix(end + 2);
    } else if (static_cast<unsigned char>(line.front()) <= ' ') {
      line.remove_prefix(1);
    } else {
      break;
    }
  }
  return line;
}

// Returns whether `line`, which follows the mark of a directive, is no include, or includes a path
// that stays below a folder.
bool is_plain_directive(std::string_view line) {
  std::string_view rest = after_comments(line);
  if (rest.starts_with("/*")) return false;
  const auto end = std::find_if_not(rest.begin(), rest.end(), is_word);
  const std::string_view word = rest.substr(0, static_cast<std::size_t>(end - rest.begin()));
  if (!word.starts_with("include") && word != "import" && word != "embed") return true;
  rest = after_comments(rest.substr(word.size()));
  const bool quoted = rest.starts_with('"');
  if (word != "include" || !(quoted || rest.starts_with('<'))) return false;
  const std::size_t close = rest.find(quoted ? '"' : '>', 1);
  return close != rest.npos && stays_inside(std::string(rest.substr(1, close - 1)));
}

// Returns the length of the line continuation at source[at], which begins with a backslash; 0 if
// there is none. g++ and EDG allow blanks after the backslash.
std::size_t join_of_lines(std::string_view source, std::size_t at) {
  if (source[at] != '\\') return 0;
  std::size_t end = at + 1;
  while (end < source.size() && source[end] != '\n' &&
         static_cast<unsigned char>(source[end]) <= ' ') {
    ++end;
  }
  return end < source.size() && source[end] == '\n' ? end + 1 - at : 0;
}

// Returns the first directive whose included file its text does not tell (a macro) or that is
// elsewhere (</etc/passwd>). Looks everywhere, in comments and strings too, because only a compiler
// knows which text is in them. Empty if there is no such directive.
std::string odd_include(std::string_view source) {
  std::string text;
  for (std::size_t i = 0; i < source.size(); ++i) {
    if (const std::size_t join = join_of_lines(source, i); join > 0) {
      i += join - 1;
    } else {
      text += source[i];
    }
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool digraph = text.compare(i, 2, "%:") == 0;
    if ((text[i] != '#' && !digraph) || !may_start_directive(text, i)) continue;
    const std::size_t end = std::min(text.find('\n', i), text.size());
    const std::string_view line = std::string_view(text).substr(i, end - i);
    if (!is_plain_directive(line.substr(digraph ? 2 : 1))) return std::string(line.substr(0, 60));
  }
  return "";
}

}  // namespace

std::string without_comments(std::string_view text) {
  std::string result(text);
  for (std::size_t i = 0; i < text.size();) {
    const std::string_view two = text.substr(i, 2);
    // An apostrophe after a digit separates digits.
    const bool quote = text[i] == '"' || (text[i] == '\'' && (i == 0 || !is_word(text[i - 1])));
    std::size_t end = i + 1;
    if (quote) {
      end = end_of_literal(text, i);
    } else if (two == "//" || two == "/*") {
      end = two == "//" ? text.find('\n', i) : text.find("*/", i + 2);
      if (end != std::string_view::npos && two == "/*") end += 2;
      end = std::min(end, text.size());
      for (std::size_t at = i; at < end; ++at) {
        if (result[at] != '\n') result[at] = ' ';
      }
    }
    i = end;
  }
  return result;
}

std::vector<Include> includes_of(std::string_view text) {
  const std::string code = without_comments(text);
  std::vector<Include> includes;
  const std::vector<bool> conditional = conditional_lines(code);
  int line = 0;
  for (std::size_t begin = 0; begin < code.size();) {
    ++line;
    const std::size_t end = std::min(code.find('\n', begin), code.size());
    const std::string_view whole = std::string_view(code).substr(begin, end - begin);
    begin = end + 1;
    const auto after_blanks = [](std::string_view s) {
      return s.substr(std::min(s.find_first_not_of(" \t"), s.size()));
    };
    std::string_view rest = after_blanks(whole);
    if (!rest.starts_with('#')) continue;
    rest = after_blanks(rest.substr(1));
    if (!rest.starts_with("include")) continue;
    rest = after_blanks(rest.substr(7));
    const bool is_angled = rest.starts_with('<');
    const std::size_t close = rest.find(is_angled ? '>' : '"', 1);
    if (!(is_angled || rest.starts_with('"')) || close == std::string_view::npos) continue;
    includes.push_back({std::string(rest.substr(1, close - 1)), line, is_angled,
                        conditional[static_cast<std::size_t>(line - 1)]});
  }
  return includes;
}

std::optional<std::vector<Field>> knobs_fields(std::string_view text) {
  const std::vector<std::string> tokens = tokens_of(without_comments(text));
  std::size_t at = 0;
  while (at + 2 < tokens.size() &&
         !(tokens[at] == "struct" && tokens[at + 1] == "Knobs" && tokens[at + 2] == "{")) {
    ++at;
  }
  if (at + 2 >= tokens.size()) return std::nullopt;
  std::vector<Field> fields;
  std::vector<std::string> statement;
  int depth = 0;
  for (at += 3; at < tokens.size(); ++at) {
    const std::string& token = tokens[at];
    if (token == "}" && depth == 0) return fields;
    if (token == "{") ++depth;
    if (token == "}") --depth;
    const bool is_function = std::find(statement.begin(), statement.end(), "(") != statement.end();
    if (depth == 0 && (token == ";" || (token == "}" && is_function))) {
      add_fields(statement, fields);
      statement.clear();
    } else {
      statement.push_back(token);
    }
  }
  return std::nullopt;
}

bool mentions(std::string_view text, std::string_view identifier) {
  const std::string code = without_comments(text);
  for (std::size_t at = code.find(identifier); at != std::string::npos;
       at = code.find(identifier, at + 1)) {
    const std::size_t end = at + identifier.size();
    if ((at == 0 || !is_word(code[at - 1])) && (end == code.size() || !is_word(code[end]))) {
      return true;
    }
  }
  return false;
}

std::set<std::string> declared_names(std::string_view text, const std::set<std::string>& names) {
  static const std::set<std::string> no_types{
      "return", "else", "case", "throw", "goto",   "sizeof",    "new",      "delete",
      "and",    "or",   "not",  "xor",   "bitand", "co_return", "co_yield", "co_await"};
  const std::string after_name = ",);=[{:";
  const std::vector<std::string> tokens = tokens_of(plain_code(text));
  std::set<std::string> declared;
  for (std::size_t i = 1; i + 1 < tokens.size(); ++i) {
    if (!names.contains(tokens[i])) continue;
    const std::string& type = tokens[i - 1];
    const bool is_word =
        (std::isalpha(static_cast<unsigned char>(type.front())) != 0 || type.front() == '_') &&
        !no_types.contains(type);
    if (!is_word) continue;
    if (after_name.find(tokens[i + 1]) != std::string::npos) declared.insert(tokens[i]);
  }
  return declared;
}

std::string read_text_file(const fs::path& path) {
  constexpr std::uintmax_t max_bytes = 16u << 20;
  std::error_code fault;
  const fs::file_status status = fs::status(path, fault);
  if (!fs::exists(status)) throw Error(fmt::format("{}: there is no such file", path.string()));
  if (!fs::is_regular_file(status)) {
    throw Error(fmt::format("{}: this is not a regular file: name a file", path.string()));
  }
  if (fs::file_size(path, fault) > max_bytes) {
    throw Error(
        fmt::format("{}: more than {} MiB: this is no such file", path.string(), max_bytes >> 20));
  }
  std::ifstream stream(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  if (!stream) {
    throw Error(fmt::format("{}: cannot be read: check its permissions", path.string()));
  }
  return text;
}

bool stays_below(const fs::path& folder, const fs::path& path) {
  const fs::path real = fs::weakly_canonical(path);
  return std::mismatch(folder.begin(), folder.end(), real.begin(), real.end()).first ==
         folder.end();
}

SourceTree::SourceTree(Texts texts, const fs::path& folder) : texts_(std::move(texts)) {
  if (!folder.empty()) folder_ = fs::canonical(folder);
}

const std::string* SourceTree::find(const std::string& path) {
  if (!stays_inside(path)) {
    throw Error(fmt::format("'{}' leaves the folder: use a path below it", path));
  }
  std::error_code fault;
  if (!folder_.empty() && fs::exists(folder_ / path, fault)) {
    if (!stays_below(folder_, folder_ / path)) {
      throw Error(fmt::format("'{}' is a link that leaves the folder: copy the file", path));
    }
    return &texts_.insert_or_assign(path, read_text_file(folder_ / path)).first->second;
  }
  const auto found = texts_.find(path);
  return found == texts_.end() ? nullptr : &found->second;
}

void SourceTree::add_include_folder(const std::string& folder) {
  if (!stays_inside(folder)) {
    throw Error(fmt::format("'{}' leaves the folder of the spec: use a folder below it", folder));
  }
  std::error_code fault;
  if (folder_.empty() || !fs::is_directory(folder_ / folder, fault)) {
    throw Error(fmt::format("'{}' is no folder below that of the spec", folder));
  }
  if (std::find(include_folders_.begin(), include_folders_.end(), folder) ==
      include_folders_.end()) {
    include_folders_.push_back(folder);
  }
}

std::string SourceTree::resolved(const Include& include, const std::string& from) {
  std::vector<std::string> places;
  if (!include.is_angled) {
    const std::size_t slash = from.rfind('/');
    if (slash != from.npos) places.push_back(from.substr(0, slash + 1) + include.path);
    places.push_back(include.path);
  }
  for (const std::string& folder : include_folders_) places.push_back(folder + "/" + include.path);
  const auto found = std::find_if(places.begin(), places.end(),
                                  [&](const std::string& place) { return find(place); });
  return found == places.end() ? "" : *found;
}

Texts SourceTree::closure(const std::string& path) {
  const std::string* text = find(path);
  if (!text) throw Error(fmt::format("there is no source '{}'", path));
  Texts result{{path, *text}};
  std::map<std::string, std::string> places{{path, path}};
  std::vector<std::string> pending{path};
  while (!pending.empty()) {
    const std::string from = pending.back();
    pending.pop_back();
    for (const Include& include : includes_of(result[from])) {
      const std::string where =
          fmt::format("{}:{} includes \"{}\"", from, include.line, include.path);
      if (!stays_inside(include.path)) {
        if (include.is_angled) continue;  // odd_include refuses it
        throw Error(fmt::format("{}, which leaves the folder: use a path below it", where));
      }
      const std::string found = resolved(include, places[from]);
      if (found.empty() && include.is_angled) continue;
      if (found.empty()) {
        if (kind_of_header(include.path) != HeaderKind::other) continue;  // as <path>
        if (include.is_conditional) continue;  // the compiler says whether it is needed
        throw Error(
            fmt::format("{}, which is not there: paths start beside the including file, at the "
                        "folder that holds the ops' folders, or beside the spec",
                        where));
      }
      const std::string* included = find(found);
      const auto [at, is_new] = result.emplace(include.path, *included);
      if (!is_new && at->second != *included) {
        throw Error(fmt::format("{}, which is {} here and {} elsewhere: rename one of them", where,
                                found, places[include.path]));
      }
      if (!is_new) continue;
      places[include.path] = found;
      pending.push_back(include.path);
    }
    if (const std::string odd = odd_include(result[from]); !odd.empty()) {
      throw Error(fmt::format(
          "{}: '{}' cannot be followed: write #include \"path\", with a path below the folder",
          from, without_comments(odd)));
    }
  }
  return result;
}

}  // namespace tw
