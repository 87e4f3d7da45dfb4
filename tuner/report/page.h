// The report's page: one HTML file that needs nothing else.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

#include "core/base/texts.h"

namespace tw {

// Returns the page of a document of report_json. The texts in the document never become markup.
std::string report_page(const nlohmann::ordered_json& document);

// Returns the text with the characters that HTML reads as markup replaced.
std::string escaped_html(std::string_view text);
// Returns JSON that may stand in a <script> element: `<`, `>` and `&` are escaped.
std::string escaped_json(const nlohmann::ordered_json& document);

// The files of reports/page, which are embedded in the executable.
const Texts& page_files();

}  // namespace tw
