// The calls that the logs name, counted.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "capture/calls/captured_problem.h"
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

// A call of cuDNN.
struct OuterCall {
  std::string caller;   // names the process and the thread
  std::string buffers;  // names the process and the memory; empty if unknown
};

// Libraries call each other, and log that too. Such calls are the same work, and count once.
class Findings {
 public:
  explicit Findings(const Catalog& catalog) : catalog_(catalog) {}

  // Counts a call of a library's function. A problem that its op refuses becomes unread. `buffers`
  // names the process and the memory of a call of cuBLASLt, which cuDNN may have made.
  void add(std::string_view function, const CapturedCall& call, const std::string& buffers = "");
  // Counts a call of cuDNN. A call of cuBLASLt on the same buffers is part of it.
  void add_outer(std::string_view function, const CapturedCall& call, const OuterCall& outer);
  // Ends the latest call of cuDNN's function by this caller. If `why` says why it failed, the call
  // is counted as unread, and no longer as what add_outer() counted.
  void end_outer(std::string_view function, std::string_view caller, const std::string& why);
  // Counts a product that cuBLAS gave to cuBLASLt, and that adds to C. cuBLAS itself does not say
  // whether a call does: one of its calls of the same product is listed as `summed`.
  void add_sum(const LibraryCall& product, const LibraryCall& summed);

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

  // A call that was counted.
  struct CountedCall {
    std::string key;      // of its problem; empty if it is unread
    std::string why;      // it is unread
    std::string buffers;  // of outer_; empty if unknown
  };

  const ReadCall& read(const LibraryCall& call);
  CountedCall count(std::string_view function, const CapturedCall& call);
  void take_back(std::string_view function, const CountedCall& call);
  void remove_inner(Problems& problems) const;
  void move_sums(Problems& problems) const;

  const Catalog& catalog_;
  Problems problems_{};
  std::map<LibraryCall, ReadCall> read_{};
  std::map<UnreadKey, std::int64_t> unread_{};
  std::map<std::pair<std::string, std::string>, CountedCall> open_{};  // caller, function
  std::map<std::string, Counts> inner_{};  // buffers -> problems of cublasLtMatmul, by key
  Counts outer_{};                         // buffers -> calls of cuDNN
  std::map<std::pair<std::string, std::string>, std::int64_t> sums_{};  // keys: product, summed
};

}  // namespace tw::capture
