// Finds databases whose file system cannot lock files: two processes would destroy them.
#pragma once
#include <functional>
#include <string>

namespace tw {

// Returns whether files of the folder are on another host, by the type of its file system.
bool is_on_network(const std::string& folder);

// Creates a file in the folder, locks it as SQLite does, and removes it. Returns the error of the
// lock (errno); 0 if it worked, and also if no file could be created, which SQLite reports better.
int try_lock_in(const std::string& folder);

// Throws Error if the database's file system is a network's and cannot lock. The functions are
// arguments for tests.
void check_locks(const std::string& database, const std::string& folder,
                 const std::function<bool(const std::string&)>& on_network = is_on_network,
                 const std::function<int(const std::string&)>& try_lock = try_lock_in);

}  // namespace tw
