// Manual pages, as roff, from the descriptions of which --help is made.
#pragma once
#include <span>
#include <string>
#include <string_view>

#include "options/options.h"

namespace tw {

// Returns the name of a command's page: "tune-query", and "tune" for the page of the program.
std::string manual_name(const CommandSpec& command);

// Returns the page of a command. `version` stands in the page's foot.
std::string manual_page(const CommandSpec& command, std::string_view version);

// Returns the page of the program, whose description has an empty name. It lists the commands.
std::string manual_page(const CommandSpec& program, std::span<const CommandSpec> commands,
                        std::string_view version);

}  // namespace tw
