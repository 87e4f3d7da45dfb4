// An environment variable that a test sets for a while.
#pragma once
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>

namespace tw {

class Variable {
 public:
  // Sets the variable, or removes it if there is no value. The destructor restores it.
  Variable(std::string name, const std::optional<std::string>& value) : name_(std::move(name)) {
    if (const char* const old = std::getenv(name_.c_str())) old_ = old;
    set(value);
  }
  ~Variable() { set(old_); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  void set(const std::optional<std::string>& value) const {
    if (value) {
      ::setenv(name_.c_str(), value->c_str(), 1);
    } else {
      ::unsetenv(name_.c_str());
    }
  }
  std::string name_;
  std::optional<std::string> old_;
};

}  // namespace tw
