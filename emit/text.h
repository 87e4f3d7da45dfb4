// Text for emitted C++: what came from data is escaped, so that no device name, note or path can
// end a comment or a string; kernel sources move into a namespace of their own token by token.
#pragma once
#include <string>
#include <string_view>

#include "core/base/texts.h"
#include "core/spec/spec.h"

namespace tw {

// `text` on one line of printable ASCII that ends no comment and is no trigraph. What cannot stand
// in a comment becomes %XX, as in a URL: backslashes, control characters, bytes above 126, the
// second of two '?', and the '/' of "*/" and "/*".
std::string comment_safe(std::string_view text);
// `text` (escaped by comment_safe) as // lines of at most 100 columns, each ended by a newline and
// begun by `indent` spaces; lines after the first are indented by `hang` more.
std::string comment(std::string_view text, int indent = 0, int hang = 0);
// A C++ string literal, quotes included, of exactly these bytes.
std::string string_literal(std::string_view text);
// `name` itself, or with an underscore behind it if C++ has taken the word.
std::string cpp_name(std::string_view name);
// The same of a namespace's name, which cannot be std either.
std::string namespace_name(std::string_view name);
// The name of an op's header, without ".h": the op's own, or with an underscore behind it where a
// system or CUDA header is called so, which a folder given with -I would hide.
std::string header_name(std::string_view op);
// Code with its lines broken at commas and && to 100 columns, where there are any; a line with a
// comment stays as it is.
std::string wrapped(std::string_view code);
// Letters and digits as they are, any other character as _XX, so that no two texts give one result:
// "gemm/simt.cuh" -> "gemm_2Fsimt_2Ecuh".
std::string escaped(std::string_view text);

// How a tree of sources becomes a copy that can stand beside other copies in one translation unit.
struct Renaming {
  std::string digest;              // 8 hexadecimal digits
  std::vector<std::string> roots;  // namespaces that get "_<digest>" behind their name: "tw", ...
};
// The identifiers of `roots` and all that begin with TW_ carry the digest; comments, strings,
// characters and #include <...> stay as they are. #include "..." of a path of `sources` becomes
// relative to `path`; #pragma once becomes a guard that names digest and path.
std::string renamed_source(const std::string& path, const Texts& sources, const Renaming& renaming);
// "tw::gemm::simt::kernel" -> "tw_1a2b3c4d::gemm::simt::kernel", by the same rule.
std::string renamed_tokens(std::string_view text, const Renaming& renaming);
// `text` between an include guard of that macro.
std::string guarded(std::string_view text, const std::string& macro);
// The macro of a source's guard, which no other path has: "TILEWRIGHT_1a2b3c4d_gemm_2Fsimt_2Ecuh".
std::string guard_of(std::string_view path, std::string_view digest);

}  // namespace tw
