// A list of problems as CSV: a header row with the names of dims and the like, and a problem a row.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "options/problem_options.h"

namespace tw {

// Returns whether a list of problems is CSV: its file's name says so, or its first line has names
// between commas.
bool is_problem_table(std::string_view path, std::string_view text);

// Parses the words of a line of --shapes: the op, "m=1,n=2", "dtype=f16", ... Throws Error.
using WordsParser = std::function<AskedRange(const std::vector<std::string>& words)>;

// Returns the problems of the rows, each of which may be a range. Throws Error that names the file,
// the line and the column. `default_op` is the op of rows that name none; empty if each row must
// name its op.
std::vector<AskedRange> ranges_of_table(std::string_view text, const std::string& path,
                                        const std::string& default_op, const Catalog& catalog,
                                        const WordsParser& parse);

}  // namespace tw
