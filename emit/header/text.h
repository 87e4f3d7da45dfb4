// Makes text for emitted C++. Text that came from data is escaped, so that no device name, note or
// path can end a comment or a string. Kernel sources move into their own namespace token by token.
#pragma once
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace tw {

// Returns `text` on one line of printable ASCII that ends no comment and contains no trigraph. What
// cannot be in a comment becomes %XX, as in a URL: backslashes, control characters, bytes above
// 126, the second of two '?', and the '/' of "*/" and "/*".
std::string comment_safe(std::string_view text);
// Returns `text` (escaped by comment_safe) as // lines of at most 100 columns. Each line begins
// with `indent` spaces and ends with a newline. Lines after the first are indented by `hang` more.
std::string comment(std::string_view text, int indent = 0, int hang = 0);
// Returns a C++ string literal, with quotes, of exactly these bytes.
std::string string_literal(std::string_view text);
// Returns `name`, with an underscore after it if it is a word of C++.
std::string cpp_name(std::string_view name);
// Does the same for the name of a namespace, which must not be std either.
std::string namespace_name(std::string_view name);
// Returns the name of an op's header, without ".h": the op's name, with an underscore after it if a
// system or CUDA header has this name. Otherwise a folder given with -I would hide that header.
std::string header_name(std::string_view op);
// Returns code with its lines broken at commas and && to 100 columns, where there are any. A line
// with a comment stays unchanged.
std::string wrapped(std::string_view code);
// Returns letters and digits unchanged and any other character as _XX, so that different texts give
// different results: "gemm/simt.cuh" -> "gemm_2Fsimt_2Ecuh".
std::string escaped(std::string_view text);

// How a tree of sources becomes a copy that can be in one translation unit with other copies.
struct Renaming {
  std::string digest;              // 8 hexadecimal digits
  std::vector<std::string> roots;  // namespaces that get "_<digest>" after their name: "tw", ...
};
// Returns the source with the digest added to the identifiers of `roots` and to all that begin with
// TW_. Comments, strings, characters and #include <...> stay unchanged. An #include "..." of a path
// in `sources` becomes relative to `path`. #pragma once becomes a guard that names the digest and
// the path.
std::string renamed_source(const std::string& path,
                           const std::map<std::string, std::string, std::less<>>& sources,
                           const Renaming& renaming);
// Does the same for tokens: "tw::gemm::simt::kernel" -> "tw_1a2b3c4d::gemm::simt::kernel".
std::string renamed_tokens(std::string_view text, const Renaming& renaming);
// Returns `text` inside an include guard with that macro.
std::string guarded(std::string_view text, const std::string& macro);
// Returns the macro of a source's guard, which no other path has:
// "TILEWRIGHT_1a2b3c4d_gemm_2Fsimt_2Ecuh".
std::string guard_of(std::string_view path, std::string_view digest);

}  // namespace tw
