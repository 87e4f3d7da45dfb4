// What the logs say, counted.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "capture/captured_problem.h"
#include "core/catalog/catalog.h"

namespace tw::capture {

// A problem that the program asked for.
struct FoundProblem {
  CapturedProblem problem;
  std::int64_t calls = 0;
  std::map<std::string, std::int64_t> functions{};  // the library's functions, with their calls
  double flops = 0;                                 // of one call; 0 if unknown
};

// Calls of one function that are not in the list, for one reason.
struct UnreadCalls {
  std::string function, why;
  std::int64_t calls = 0;
};

class Findings {
 public:
  explicit Findings(const Catalog& catalog) : catalog_(catalog) {}

  // Counts a call of a library's function. A problem that its op refuses becomes unread.
  void add(std::string_view function, const CapturedCall& call);
  // Takes the latest problem or unread call of the function back, because the library says that the
  // call failed, and counts it as unread.
  void take_back(std::string_view function, const std::string& why);

  // Return the problems, the one with the most FLOPs of all its calls first, and the other calls,
  // the most frequent first.
  std::vector<FoundProblem> problems() const;
  std::vector<UnreadCalls> unread() const;
  std::int64_t problem_calls() const;
  std::int64_t unread_calls() const;

 private:
  using UnreadKey = std::pair<std::string, std::string>;  // function, reason
  void add_unread(std::string_view function, const std::string& why);

  const Catalog& catalog_;
  std::map<std::string, FoundProblem> problems_{};          // by the problem's key
  std::map<std::string, std::string> keys_{}, refusals_{};  // by line
  std::map<UnreadKey, std::int64_t> unread_{};
  std::map<std::string, std::string, std::less<>> latest_{};  // function -> key of its problem
};

}  // namespace tw::capture
