#include "emit/header/text.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

#include "emit/header/tokens.h"

namespace tw {
namespace {

using Texts = std::map<std::string, std::string, std::less<>>;
using header::continues_identifier;
using header::end_of_quoted;
using header::included_path;
using header::Token;
using header::token_at;

constexpr std::size_t columns = 100;

std::string upper_case(std::string_view text) {
  std::string result(text);
  for (char& c : result) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return result;
}

std::string renamed(std::string_view identifier, const Renaming& renaming) {
  if (identifier.substr(0, 3) == "TW_") {
    return fmt::format("TW_{}_{}", upper_case(renaming.digest), identifier.substr(3));
  }
  const auto& roots = renaming.roots;
  if (std::find(roots.begin(), roots.end(), identifier) != roots.end()) {
    return fmt::format("{}_{}", identifier, renaming.digest);
  }
  return std::string(identifier);
}

// If `line` is an #include or #pragma once, in which no token is renamed, replaces it.
bool rewritten_directive(std::string_view line, const std::string& path, const Texts& sources,
                         std::string& result) {
  const auto hash = line.find_first_not_of(" \t");
  if (hash == std::string_view::npos || line[hash] != '#') return false;
  const auto word = line.find_first_not_of(" \t", hash + 1);
  if (word == std::string_view::npos) return false;
  if (line.substr(word, 6) == "pragma") {
    const auto what = line.find_first_not_of(" \t", word + 6);
    return what != std::string_view::npos && line.substr(what, 4) == "once";
  }
  if (line.substr(word, 7) != "include") return false;
  result = std::string(line) + "\n";
  const auto open = line.find_first_of("\"<", word);
  if (open == std::string_view::npos) return false;
  const auto close = line.find(line[open] == '<' ? '>' : '"', open + 1);
  if (close == std::string_view::npos) return false;
  if (line[open] == '<') return true;
  const std::string target =
      included_path(std::string(line.substr(open + 1, close - open - 1)), path, sources);
  if (target.empty()) return true;
  std::string up;
  for (const char c : path) up += c == '/' ? "../" : "";
  result = fmt::format("#include \"{}{}\"\n", up, target);
  return true;
}

// Returns where to break a line. Considers the blanks between `first` and `limit` that follow a
// comma or && outside strings, and takes the last one inside the fewest parentheses. If there is
// none, takes the first one after `limit`. Returns 0 if there is none at all.
std::size_t break_before(std::string_view line, std::size_t limit, std::size_t first) {
  std::size_t best = 0;
  int depth = 0, least = 0;
  for (std::size_t i = 0; i < line.size();) {
    if (line[i] == '"' || line[i] == '\'') {
      i = end_of_quoted(line, i);
      continue;
    }
    if (line[i] == '(' || line[i] == '{') ++depth;
    if (line[i] == ')' || line[i] == '}') --depth;
    const bool good = line[i] == ' ' && i > first && (line[i - 1] == ',' || line[i - 1] == '&');
    if (good && (best == 0 || (i <= limit && depth <= least))) {
      best = i;
      least = depth;
    }
    ++i;
  }
  return best;
}

}  // namespace

std::string comment_safe(std::string_view text) {
  std::string result;
  char last = 0;
  for (const char c : text) {
    const bool bad = c < ' ' || c > '~' || c == '\\' || (c == '?' && last == '?') ||
                     (c == '/' && last == '*') || (c == '*' && last == '/');
    result += bad ? fmt::format("%{:02X}", static_cast<unsigned char>(c)) : std::string(1, c);
    last = c;
  }
  return result;
}

std::string comment(std::string_view text, int indent, int hang) {
  const std::string margin(static_cast<std::size_t>(indent), ' ');
  std::string safe = comment_safe(text), result, start = margin + "// ", line = start;
  bool blank = true;
  for (std::size_t begin = 0; begin < safe.size();) {
    const auto end = std::min(safe.find(' ', begin), safe.size());
    const std::string word = safe.substr(begin, end - begin);
    if (!blank && line.size() + 1 + word.size() > columns) {
      result += line + "\n";
      line = start + std::string(static_cast<std::size_t>(hang), ' ');
      blank = true;
    }
    line += (blank ? "" : " ") + word;
    blank = false;
    begin = end + 1;
  }
  if (blank) line = margin + "//";
  return result + line + "\n";
}

std::string string_literal(std::string_view text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c < ' ' || c > '~' || c == '"' || c == '\\' || c == '?') {
      result += fmt::format("\\{:03o}", static_cast<unsigned char>(c));
    } else {
      result += c;
    }
  }
  return result + "\"";
}

std::string cpp_name(std::string_view name) {
  static constexpr std::array words{
      "alignas", "alignof", "and", "asm", "auto", "bitand", "bitor", "bool", "break", "case",
      "catch", "char", "class", "compl", "concept", "const", "consteval", "constexpr", "constinit",
      "continue", "decltype", "default", "delete", "do", "double", "else", "enum", "explicit",
      "export", "extern", "false", "float", "for", "friend", "goto", "if", "inline", "int", "long",
      "mutable", "namespace", "new", "noexcept", "not", "nullptr", "operator", "or", "private",
      "protected", "public", "register", "requires", "return", "short", "signed", "sizeof",
      "static", "struct", "switch", "template", "this", "throw", "true", "try", "typedef", "typeid",
      "typename", "union", "unsigned", "using", "virtual", "void", "volatile", "while", "xor",
      "char8_t", "co_await", "co_return", "co_yield", "not_eq", "and_eq", "or_eq", "xor_eq",
      "wchar_t", "static_cast", "char16_t", "char32_t", "const_cast", "dynamic_cast",
      "reinterpret_cast", "static_assert", "thread_local",
      // Macros of g++ and of headers that an emitted header, or its user, is likely to include.
      "linux", "unix", "i386", "errno", "stdin", "stdout", "stderr", "NULL", "EOF", "NAN",
      "INFINITY", "HUGE_VAL", "RAND_MAX", "BUFSIZ", "SNAN", "MAXFLOAT", "M_PI", "M_E", "CHAR_BIT",
      "INT_MAX", "INT_MIN", "UINT_MAX", "LONG_MAX", "LONG_MIN", "SIZE_MAX", "INT32_MAX",
      "INT64_MAX", "UINT32_MAX", "FLT_MAX", "FLT_MIN", "FLT_EPSILON", "DBL_MAX", "DBL_MIN",
      "DBL_EPSILON", "BYTE_ORDER", "BIG_ENDIAN", "LITTLE_ENDIAN", "PATH_MAX", "NZERO"};
  const bool taken = std::find(words.begin(), words.end(), name) != words.end();
  return std::string(name) + (taken ? "_" : "");
}

std::string header_name(std::string_view op) {
  static constexpr std::array taken{
      // C and C++.
      "assert", "complex", "ctype", "errno", "fenv", "float", "inttypes", "iso646", "limits",
      "locale", "math", "setjmp", "signal", "stdalign", "stdarg", "stdatomic", "stdbool", "stddef",
      "stdint", "stdio", "stdlib", "stdnoreturn", "string", "tgmath", "threads", "time", "uchar",
      "wchar", "wctype",
      // POSIX and glibc.
      "aio", "aliases", "alloca", "ar", "argp", "argz", "byteswap", "cpio", "dirent", "dlfcn",
      "elf", "endian", "envz", "err", "error", "execinfo", "fcntl", "features", "fmtmsg", "fnmatch",
      "fstab", "fts", "ftw", "gconv", "getopt", "glob", "grp", "iconv", "ifaddrs", "langinfo",
      "libgen", "libintl", "link", "malloc", "mcheck", "memory", "mntent", "monetary", "mqueue",
      "netdb", "nss", "obstack", "paths", "poll", "printf", "pthread", "pty", "pwd", "regex",
      "regexp", "resolv", "sched", "search", "semaphore", "shadow", "spawn", "stab", "strings",
      "syscall", "syslog", "tar", "termio", "termios", "ulimit", "unistd", "utime", "utmp",
      "values", "wait", "wordexp",
      // The compilers and the CUDA toolkit.
      "backtrace", "cpuid", "omp", "openacc", "unwind", "varargs", "builtin_types",
      "channel_descriptor", "common_functions", "cooperative_groups", "cublas", "cublas_v2", "cuda",
      "cuda_bf16", "cuda_fp16", "cuda_fp4", "cuda_fp6", "cuda_fp8", "cuda_occupancy",
      "cuda_pipeline", "cuda_runtime", "cuda_runtime_api", "cudnn", "cufft", "cupti", "curand",
      "curand_kernel", "cusparse", "device_functions", "device_types", "driver_functions",
      "driver_types", "host_config", "host_defines", "library_types", "math_constants",
      "math_functions", "mma", "nccl", "nvrtc", "nvvm", "surface_types", "texture_types",
      "vector_functions", "vector_types"};
  const bool hides = std::find(taken.begin(), taken.end(), op) != taken.end();
  return std::string(op) + (hides ? "_" : "");
}

std::string namespace_name(std::string_view name) {
  return name == "std" ? "std_" : cpp_name(name);
}

std::string wrapped(std::string_view code) {
  std::string result;
  for (std::size_t begin = 0; begin < code.size();) {
    const auto end = std::min(code.find('\n', begin), code.size());
    std::string line(code.substr(begin, end - begin));
    const std::string margin(std::min(line.find_first_not_of(' '), line.size()) + 4, ' ');
    const auto comment_at = line.find("//");
    while (line.size() > columns && comment_at == std::string::npos) {
      const std::size_t at = break_before(line, columns, margin.size());
      if (at == 0) break;
      result += line.substr(0, at) + "\n";
      line = margin + line.substr(at + 1);
    }
    result += line + "\n";
    begin = end + 1;
  }
  return result;
}

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    const bool plain = continues_identifier(c) && c != '_';
    result += plain ? std::string(1, c) : fmt::format("_{:02X}", static_cast<unsigned char>(c));
  }
  return result;
}

std::string guard_of(std::string_view path, std::string_view digest) {
  return fmt::format("TILEWRIGHT_{}_{}", digest, escaped(path));
}

std::string guarded(std::string_view text, const std::string& macro) {
  return fmt::format("#ifndef {0}\n#define {0}\n{1}\n#endif  // {0}\n", macro, text);
}

std::string renamed_tokens(std::string_view text, const Renaming& renaming) {
  std::string result;
  for (std::size_t at = 0; at < text.size();) {
    const Token token = token_at(text, at);
    const std::string_view word = text.substr(at, token.end - at);
    result += token.kind == Token::Kind::identifier ? renamed(word, renaming) : std::string(word);
    at = token.end;
  }
  return result;
}

std::string renamed_source(const std::string& path, const Texts& sources,
                           const Renaming& renaming) {
  const std::string_view text = sources.find(path)->second;
  std::string result;
  bool begins_line = true;
  for (std::size_t at = 0; at < text.size();) {
    if (begins_line) {
      const auto end = std::min(text.find('\n', at), text.size());
      std::string instead;
      if (rewritten_directive(text.substr(at, end - at), path, sources, instead)) {
        result += instead;
        at = std::min(end + 1, text.size());
        continue;
      }
    }
    const Token token = token_at(text, at);
    const std::string_view word = text.substr(at, token.end - at);
    result += token.kind == Token::Kind::identifier ? renamed(word, renaming) : std::string(word);
    begins_line = word == "\n";
    at = token.end;
  }
  return guarded(result, guard_of(path, renaming.digest));
}

}  // namespace tw
