// Compiles the shared code of emitted headers with a small op that is written by hand. So an error
// in emit/emitted is found without emitting anything. The op shows what `tune emit` must write.
#include <array>

#include "emit/emitted/call.cuh"
#include "emit/emitted/functions.cuh"
#include "emit/emitted/tensor_map.cuh"

namespace small {

namespace dispatch = tw::dispatch;

struct Args {
  std::int64_t n = 0;
  const float* x = nullptr;
  float* y = nullptr;
};

struct Problem {
  std::int64_t n = 0, dtype = 0, math = 0, sizeof_t = 0, align = 16, reduced = 0;
};
using Query = dispatch::Query<Problem, 0>;
using Plan = dispatch::Plan<2, 2, 16>;

constexpr dispatch::BranchInfo branches[] = {{"kernel", "threads=128", "no code"}};
constexpr std::array<dispatch::Row<Query>, 1> rows{
    {{0, {{64, 0, 0, 4, 16, 0}, 0, {0}}, 5, "n=64"}}};
constexpr std::array<dispatch::Fallback<Query>, 0> fallbacks{};

using Axes = dispatch::Axes<Problem, &Problem::n>;
constexpr auto places = dispatch::places_of<Axes>(rows);
constexpr std::array<std::array<double, 1>, 1> residuals{{{{0}}}};

struct Selector {
  using Query = small::Query;
  using Dims = dispatch::Members<Problem, &Problem::n>;
  using Choices = dispatch::Members<Problem>;
  using Axes = small::Axes;
  static constexpr int branch_count = 1;
  static constexpr std::int64_t tuned_cc = 90, tuned_sms = 132;
  static constexpr const auto& rows() { return small::rows; }
  static constexpr const auto& fallbacks() { return small::fallbacks; }
  static constexpr const auto& places() { return small::places; }
  static constexpr const auto& residuals() { return small::residuals; }
  static constexpr const dispatch::BranchInfo& branch_info(int branch) { return branches[branch]; }
  static constexpr const char* nothing_serves() { return "nothing serves"; }
  template <class A>
  static const char* read(const A& args, const dispatch::Device&, Query& query) {
    query.problem.n = dispatch::given_or(args.n, 1);
    query.problem.align = dispatch::least_alignment(query.problem.align, args.x);
    return args.n < 1 ? "n must be positive" : nullptr;
  }
  static constexpr double forecast(int, const Query&, const dispatch::Device&) { return 1; }
  static bool serves(int branch, const Problem&, const dispatch::Device& device) {
    return branch == 0 && !dispatch::lacks_specific_code(device);
  }
};

struct Map {
  alignas(64) unsigned long long opaque[16];
};

template <class T>
__global__ void first(const T*, int, T*) {}
template <class T>
__global__ void second(const __grid_constant__ Map, std::int64_t, T*) {}

template <class A>
struct Form {
  static constexpr int index = 0;
  static constexpr std::int64_t dtype = 0, math = 0, reduced = 0;
  using T = float;
  static const char* check(const A&, Problem&) { return nullptr; }
};

struct Kernel {
  using Plan = small::Plan;
  using ZeroEach = dispatch::Workspaces<0, 1>;
  using ZeroOnce = dispatch::Workspaces<>;
  static cudaError_t fill_constants(const Args&, const Plan&, cudaStream_t) { return cudaSuccess; }
  static auto entry(dispatch::Index<0>) { return first<float>; }
  template <class Launch>
  static cudaError_t pass(dispatch::Index<0>, const Args& args, const Plan& plan, void* workspace,
                          const Launch& launch) {
    return launch(dispatch::Pointer{args.x}, static_cast<int>(plan.pass[0].value[0]),
                  dispatch::part(plan, workspace, 0));
  }
  static auto entry(dispatch::Index<1>) { return second<float>; }
  template <class Launch>
  static cudaError_t pass(dispatch::Index<1>, const Args& args, const Plan& plan, void*,
                          const Launch& launch) {
    return launch(dispatch::tensor_map<float, 2, 0>(args.x, plan.pass[1].value),
                  plan.pass[1].value[0], dispatch::Pointer{args.y});
  }
};

struct Op : Selector {
  using Match = tw::op::Match;
  using Selection = tw::op::Selection;
  template <class A>
  using Form = small::Form<A>;
  template <class A, class Visitor>
  static cudaError_t visit(int, const Problem&, const dispatch::Device&, const Visitor& visitor) {
    return visitor(Kernel(), Plan());
  }
};

}  // namespace small

using Calls = tw::dispatch::Calls<small::Op>;
template cudaError_t Calls::launch(const small::Args&, void*, std::size_t, cudaStream_t);
template std::size_t Calls::workspace_bytes(const small::Args&);
template cudaError_t Calls::initialise_workspace(const small::Args&, void*, std::size_t,
                                                 cudaStream_t);
template tw::op::Selection Calls::select(const small::Args&);
template cudaError_t Calls::attributes(const small::Args&, cudaFuncAttributes*);

namespace tw::op {

template cudaError_t launch(const small::Args&, void*, cudaStream_t);
template cudaError_t launch(const small::Args&, void*, std::size_t, cudaStream_t);
template std::size_t workspace_bytes(const small::Args&);
template cudaError_t initialise_workspace(const small::Args&, void*, cudaStream_t);
template cudaError_t initialise_workspace(const small::Args&, void*, std::size_t, cudaStream_t);
template Selection select(const small::Args&);
template cudaError_t attributes(const small::Args&, cudaFuncAttributes*);

}  // namespace tw::op
