// The calls that the logs name, counted.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
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

// Libraries call each other, and log that too. Such calls are the same work, and count once.
class Findings {
 public:
  explicit Findings(const Catalog& catalog) : catalog_(catalog) {}

  // Counts a call of a library's function. A problem that its op refuses becomes unread. `buffers`
  // names the process and the memory of a call of cuBLASLt, which cuDNN may have made.
  void add(std::string_view function, const CapturedCall& call, const std::string& buffers = "");
  // Counts a call of cuDNN on these buffers. A call of cuBLASLt on the same ones is part of it.
  void add_outer(const std::string& buffers);
  // Counts a product that cuBLAS gave to cuBLASLt, and that adds to C. cuBLAS itself does not say
  // whether a call does: one of its calls of the same product is listed as `summed`.
  void add_sum(const LibraryCall& product, const LibraryCall& summed);
  // Takes the latest problem of the function back, because the library says that the call failed,
  // and counts it as unread.
  void take_back(std::string_view function, const std::string& why);

  // Return the problems, the one with the most FLOPs of all its calls first, and the other calls,
  // the most frequent first.
  std::vector<FoundProblem> problems() const;
  std::vector<UnreadCalls> unread() const;
  std::int64_t problem_calls() const;
  std::int64_t unread_calls() const;

 private:
  using Problems = std::map<std::string, FoundProblem>;   // by the problem's key
  using UnreadKey = std::pair<std::string, std::string>;  // function, reason
  using Counts = std::map<std::string, std::int64_t>;
  // A call, as its op reads it.
  struct ReadCall {
    std::string key;      // of the problem; empty if the op refuses it
    std::string refusal;  // why
  };

  const ReadCall& read(const LibraryCall& call);
  void add_unread(std::string_view function, const std::string& why);
  void remove_inner(Problems& problems) const;
  void move_sums(Problems& problems) const;

  const Catalog& catalog_;
  Problems problems_{};
  std::map<LibraryCall, ReadCall> read_{};
  std::map<UnreadKey, std::int64_t> unread_{};
  std::map<std::string, std::string, std::less<>> latest_{};  // function -> key of its problem
  std::map<std::string, Counts> inner_{};  // buffers -> problems of cublasLtMatmul, by key
  Counts outer_{};                         // buffers -> calls of cuDNN
  std::map<std::pair<std::string, std::string>, std::int64_t> sums_{};  // keys: product, summed
};

}  // namespace tw::capture
