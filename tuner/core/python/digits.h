// Numbers as Python writes them. Private to this room.
#pragma once
#include <cstddef>
#include <string_view>

#include "core/python/node.h"

namespace tw::python {

// Reads the number at text[at] into the node: 12, 1_000, 0x1F, 1.5, .5, 1e3. The number is exactly
// the fraction that its digits say. Returns where it ends. Throws Error with the column.
std::size_t read_number(std::string_view text, std::size_t at, Node& node);

}  // namespace tw::python
