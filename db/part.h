// The part of a database that was measured on one device, under one driver or by one toolchain.
#pragma once
#include <SQLiteCpp/SQLiteCpp.h>

#include <string>

#include "db/store.h"

namespace tw {

// Returns the column of a context that the aspect names.
std::string context_column(Aspect aspect);

// Makes the connection see only contexts in which the aspect has this value. Tables of the same
// names as those of the file, but temporary ones, hide the rest. The file is not changed.
void keep_only(SQLite::Database& database, Aspect aspect, const std::string& value);

}  // namespace tw
