// Finds the branch of a call in the tables of a header. `tune emit` writes these tables into
// dispatch/select.h. Plain C++17, so that it needs no CUDA compiler.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "emit/emitted/choose.h"
#include "emit/emitted/forecast.h"
#include "emit/emitted/limits.h"

namespace tw::dispatch {

// The properties of a call that decide which branch runs. Problem is the op's struct of the values
// that expressions read.
template <class Problem, int kScalars>
struct Query {
  Problem problem;
  int form = 0;                                  // the index of the type of arguments
  int scalar[kScalars > 0 ? kScalars : 1] = {};  // kind_of() of each scalar
};

// The texts of a branch.
struct BranchInfo {
  const char* kernel;
  const char* configuration;
  const char* passed_over;  // the reason, if the program lacks its code
};

// A tuned problem and the branch that won.
template <class Query>
struct Row {
  int branch;
  Query query;
  double median_ns;
  const char* text;
};

// A branch for problems that were not tuned.
template <class Query>
struct Fallback {
  int branch;
  Query query;  // only its form and choices count
};

// Some of the values of a problem: its dims, or its choices.
template <class Problem, std::int64_t Problem::*... kMembers>
struct Members {
  static constexpr bool same([[maybe_unused]] const Problem& a, [[maybe_unused]] const Problem& b) {
    return (... && (a.*kMembers == b.*kMembers));
  }
};

// The dims that count for the distance of two problems, on a logarithmic scale.
template <class Problem, std::int64_t Problem::*... kMembers>
struct Axes {
  static constexpr int count = sizeof...(kMembers);
  // A place has one more number, because an array cannot be empty.
  static constexpr std::array<double, count + 1> place([[maybe_unused]] const Problem& problem) {
    return {octaves(problem.*kMembers)..., 0};
  }
};

// Returns the places of the tuned problems.
template <class Axes, class Row, std::size_t kRows>
constexpr auto places_of(const std::array<Row, kRows>& rows) {
  std::array<decltype(Axes::place(rows[0].query.problem)), kRows> places{};
  auto place = places.begin();
  for (const Row& row : rows) *place++ = Axes::place(row.query.problem);
  return places;
}

// The tables of a header, for one call. See choose(). Selector is described below.
template <class Selector>
class Table {
 public:
  using Query = typename Selector::Query;

  constexpr Table(const Query& query, const Device& device)
      : query_(query), device_(device), place_(Selector::Axes::place(query.problem)) {}

  static constexpr const auto& rows() { return Selector::rows(); }
  static constexpr const auto& fallbacks() { return Selector::fallbacks(); }
  static constexpr int branches() { return Selector::branch_count; }
  constexpr bool same_form(const Query& query) const {
    return query_.form == query.form && Selector::Choices::same(query_.problem, query.problem);
  }
  constexpr bool same_dims(const Query& query) const {
    return Selector::Dims::same(query_.problem, query.problem);
  }
  constexpr bool same_kind(const Query& query) const {
    bool same = query_.problem.align == query.problem.align;
    int at = 0;
    for (const int kind : query_.scalar) same = same && kind == query.scalar[at++];
    return same;
  }
  constexpr double distance(int row) const {
    const auto index = static_cast<std::size_t>(row);
    double sum = same_kind(rows()[index].query) ? 0 : 1;
    const double* tuned = Selector::places()[index].data();
    for (const double here : place_) {  // the last number is 0 in both
      const double away = here - *tuned++;
      sum += away * away;
    }
    return sum;
  }
  static constexpr double residual(int row, int branch) {
    return Selector::residuals()[static_cast<std::size_t>(row)][static_cast<std::size_t>(branch)];
  }
  constexpr double log_forecast(int branch) const {
    return log2_of(Selector::forecast(branch, query_, device_));
  }
  bool serves(int branch) const { return Selector::serves(branch, query_.problem, device_); }

 private:
  const Query& query_;
  const Device& device_;
  std::array<double, Selector::Axes::count + 1> place_;
};

// Returns the branch that runs a call. choose() defines the rule. Selector is the op's struct with
// these members:
//   Query                a Query of the op's problem
//   Dims, Choices        the Members that are dims, and those that are choices
//   Axes                 the Axes of the problem
//   rows(), fallbacks()  the tuned problems and the defaults, in order
//   places()             for each tuned problem its place: Axes::place()
//   residuals()          for each tuned problem the residual of each branch; see choose()
//   branch_count         the number of branches
//   branch_info(branch)  the texts of a branch
//   forecast(branch, query, device)
//                        the forecast of the call in ns, at least 1; 1 if some kernel has none
//   serves(branch, problem, device)
//                        whether a branch can run a problem on a device
//   tuned_cc, tuned_sms  the compute capability times ten and the number of SMs of the tuned GPU
//   nothing_serves()     the reason of a call that no branch serves
template <class Selector>
Choice choose_branch(const typename Selector::Query& query, const Device& device) {
  double scores[Selector::branch_count > 0 ? Selector::branch_count : 1] = {};
  return choose(Table<Selector>(query, device), device.gpu_cc == Selector::tuned_cc,
                device.sms == Selector::tuned_sms, scores);
}

// The latest choices of a thread: 64 at most, four of each hash. A program calls the same few
// problems again and again, and choosing for one that was not tuned takes about a microsecond.
template <class Selector>
class RecentChoices {
 public:
  using Query = typename Selector::Query;

  // Returns what choose_branch() returns.
  Choice of(const Query& query, const Device& device) {
    if (!same_limits(device, device_)) *this = RecentChoices(device);
    Set& set = sets_[place_of(query)];
    for (const Entry& entry : set.entries) {
      if (entry.is_set && same(entry.query, query)) return entry.choice;
    }
    Entry& oldest = set.entries[set.next++ % ways];
    oldest = {query, choose_branch<Selector>(query, device), true};
    return oldest.choice;
  }

  RecentChoices() = default;

 private:
  using Problem = decltype(Query::problem);
  static_assert(std::has_unique_object_representations_v<Problem>,
                "problems are compared by bytes");
  static constexpr std::size_t ways = 4, sets = 16;
  struct Entry {
    Query query{};
    Choice choice{};
    bool is_set = false;
  };
  struct Set {
    Entry entries[ways];
    unsigned next = 0;
  };

  explicit RecentChoices(const Device& device) : device_(device) {}
  static bool same(const Query& a, const Query& b) {
    bool same = a.form == b.form && std::memcmp(&a.problem, &b.problem, sizeof(Problem)) == 0;
    int at = 0;
    for (const int kind : a.scalar) same = same && kind == b.scalar[at++];
    return same;
  }
  // Multiplicative hashing: Knuth, The Art of Computer Programming, volume 3, section 6.4.
  static std::size_t place_of(const Query& query) {
    std::uint64_t words[sizeof(Problem) / sizeof(std::uint64_t)];
    std::memcpy(words, &query.problem, sizeof words);
    std::uint64_t hash = 0;
    for (const std::uint64_t word : words) hash = (hash ^ word) * 0x9E3779B97F4A7C15u;
    return static_cast<std::size_t>(hash >> 32) % sets;
  }

  Device device_{};
  Set sets_[sets];
};

// Returns what choose_branch() returns, without choosing again what the thread chose of late. It is
// static, so that two libraries of a process share no memory.
template <class Selector>
static Choice recent_choice(const typename Selector::Query& query, const Device& device) {
  thread_local RecentChoices<Selector> recent;
  return recent.of(query, device);
}

// Returns the reason if another branch would run the call if the program held all code for the GPU,
// or if no branch serves the call. Otherwise returns an empty string.
template <class Selector>
const char* reason_of(const typename Selector::Query& query, const Device& device,
                      const Choice& choice) {
  const Device complete = with_all_code(device);
  const Choice with_all =
      same_limits(complete, device) ? choice : choose_branch<Selector>(query, complete);
  if (with_all.branch >= 0 && with_all.branch != choice.branch) {
    return Selector::branch_info(with_all.branch).passed_over;
  }
  return choice.branch < 0 ? Selector::nothing_serves() : "";
}

}  // namespace tw::dispatch
