// Preprocessor directives, read lightly: no macro is expanded and no condition is evaluated.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace tw {

// Returns the text without comments and directives, and with blanks in place of literals.
std::string plain_code(std::string_view text);
// Returns the same without what stands within a condition (#if ...), which need not be compiled. An
// include guard is no condition.
std::string unconditional_code(std::string_view text);
// Returns for each line of `code`, which has no comments, whether it stands within a condition.
std::vector<bool> conditional_lines(std::string_view code);
// Returns whether a directive of the text removes or saves the macro: #undef, #pragma push_macro.
bool may_remove_macro(std::string_view text, std::string_view name);

}  // namespace tw
