// The functions of a header, for the types of arguments of any op. <op>.cuh, which `tune emit`
// writes, defines the parts that differ: an Op, and a Kernel for each kernel.
#pragma once
#include <cuda_runtime.h>

#include <cstddef>
#include <type_traits>
#include <utility>

#include "emit/emitted/launch.cuh"
#include "emit/emitted/selection.h"

// These symbols are not exported. Each library of a process has its own copy, with its own kernels.
#ifndef _MSC_VER
#pragma GCC visibility push(hidden)
#endif

namespace tw::dispatch {

// The number of a pass, as a type.
template <int kPass>
using Index = std::integral_constant<int, kPass>;
// The numbers of some workspaces, as a type.
template <int... kIndices>
using Workspaces = std::integer_sequence<int, kIndices...>;

// The chain of forms whose kernels have no epilogue.
struct NoChain {
  struct Args {};
};

// Returns the workspace inside the caller's memory.
template <class Plan>
Pointer part(const Plan& plan, void* workspace, int index) {
  if (plan.bytes[index] == 0) return Pointer{nullptr};
  return Pointer{static_cast<char*>(workspace) + plan.offset[index]};
}

template <class Plan>
cudaError_t clear(const Plan& plan, void* workspace, int index, cudaStream_t stream) {
  if (plan.bytes[index] == 0) return cudaSuccess;
  return cudaMemsetAsync(static_cast<char*>(workspace) + plan.offset[index], 0,
                         static_cast<std::size_t>(plan.bytes[index]), stream);
}

// Zeroes some workspaces.
template <class Plan, int... kIndices>
cudaError_t clear_all([[maybe_unused]] const Plan& plan, [[maybe_unused]] void* workspace,
                      [[maybe_unused]] cudaStream_t stream, Workspaces<kIndices...>) {
  cudaError_t status = cudaSuccess;
  ((status = status == cudaSuccess ? clear(plan, workspace, kIndices, stream) : status), ...);
  return status;
}

// Launches pass kPass and the passes after it, as far as they run.
//
// Kernel is a struct with these members:
//   Plan               the Plan of the kernel's launches
//   ZeroEach           the Workspaces that are zeroed before each launch
//   ZeroOnce           the Workspaces that the caller zeroes once
//   entry(Index<i>())  the function that pass i launches
//   pass(Index<i>(), args, plan, workspace, launch)
//                      returns launch(arguments...) with the arguments of pass i
//   fill_constants(args, plan, stream)
//                      fills the arrays of the kernel's source
template <class Kernel, int kPass = 0, class A>
cudaError_t launch_passes([[maybe_unused]] const A& args,
                          [[maybe_unused]] const typename Kernel::Plan& plan,
                          [[maybe_unused]] const Device& device, [[maybe_unused]] void* workspace,
                          [[maybe_unused]] cudaStream_t stream) {
  if constexpr (kPass < Kernel::Plan::passes) {
    if (plan.pass[kPass].runs) {
      const cudaError_t status =
          Kernel::pass(Index<kPass>(), args, plan, workspace, [&](const auto&... arguments) {
            return launch(plan.pass[kPass], stream, device, static_shared_of<Kernel, kPass>(),
                          Kernel::entry(Index<kPass>()), arguments...);
          });
      if (status != cudaSuccess) return status;
    }
    return launch_passes<Kernel, kPass + 1>(args, plan, device, workspace, stream);
  } else {
    return cudaSuccess;
  }
}

// Returns the attributes of the first pass that runs, from pass kPass on.
template <class Kernel, int kPass = 0>
cudaError_t first_attributes([[maybe_unused]] const typename Kernel::Plan& plan,
                             [[maybe_unused]] cudaFuncAttributes* result) {
  if constexpr (kPass < Kernel::Plan::passes) {
    if (plan.pass[kPass].runs) {
      return cudaFuncGetAttributes(result,
                                   reinterpret_cast<const void*>(Kernel::entry(Index<kPass>())));
    }
    return first_attributes<Kernel, kPass + 1>(plan, result);
  } else {
    return cudaErrorInvalidDeviceFunction;
  }
}

// Fills the arrays of the kernel's source, and launches the passes that run. All code of a kernel
// is behind this function and attributes_of(): if the header is split (tune emit --split), only the
// kernel's own file instantiates them.
template <class Kernel, class A>
cudaError_t run(const A& args, const typename Kernel::Plan& plan, const Device& device,
                void* workspace, cudaStream_t stream) {
  const cudaError_t status = Kernel::fill_constants(args, plan, stream);
  if (status != cudaSuccess) return status;
  return launch_passes<Kernel>(args, plan, device, workspace, stream);
}

// Returns the attributes of the first pass that runs.
template <class Kernel>
cudaError_t attributes_of(const typename Kernel::Plan& plan, cudaFuncAttributes* result) {
  return first_attributes<Kernel>(plan, result);
}

// The functions of an op.
//
// Op is a Selector (selection.h) with these further members:
//   Form<A>           the properties of the type of arguments A: `index`; `dtype`, `math` and
//                     `reduced` as expressions see them; T, the type of the elements; and
//                     check(args, problem), which returns what is wrong with A, or null
//   Match, Selection  the public types of these names
//   read(args, device, query)
//                     fills the query; returns what is wrong with the arguments, or null
//   visit<A>(branch, problem, device, visitor)
//                     returns visitor(kernel, plan) for a branch of A
template <class Op>
struct Calls {
  using Query = typename Op::Query;

  // A query and its branch.
  struct Call {
    cudaError_t status = cudaSuccess;
    const char* reason = "";
    Device device;
    Query query;
    Choice choice;
  };

  template <class A>
  static Call examine(const A& args) {
    using Form = typename Op::template Form<A>;
    Call call;
    call.status = current_device(call.device);
    if (call.status != cudaSuccess) {
      call.reason = cudaGetErrorString(call.status);
      return call;
    }
    call.query.form = Form::index;
    call.query.problem.dtype = Form::dtype;
    call.query.problem.math = Form::math;
    call.query.problem.sizeof_t = sizeof(typename Form::T);
    call.query.problem.reduced = Form::reduced;
    const char* wrong = Op::read(args, call.device, call.query);
    if (wrong == nullptr) wrong = Form::check(args, call.query.problem);
    if (wrong != nullptr) {
      call.status = cudaErrorInvalidValue;
      call.reason = wrong;
      return call;
    }
    call.choice = recent_choice<Op>(call.query, call.device);
    if (call.choice.branch < 0) call.status = cudaErrorInvalidDeviceFunction;
    return call;
  }

  template <class A, class Visitor>
  static cudaError_t visit(const Call& call, const Visitor& visitor) {
    if (call.status != cudaSuccess) return call.status;
    return Op::template visit<A>(call.choice.branch, call.query.problem, call.device, visitor);
  }

  template <class A>
  static cudaError_t launch(const A& args, void* workspace, std::size_t bytes,
                            cudaStream_t stream) {
    const Call call = examine(args);
    return visit<A>(call, [&](auto kernel, const auto& plan) {
      using Kernel = decltype(kernel);
      if (!plan.takes(workspace, bytes)) return cudaErrorInvalidValue;
      const cudaError_t status = clear_all(plan, workspace, stream, typename Kernel::ZeroEach());
      if (status != cudaSuccess) return status;
      return run<Kernel>(args, plan, call.device, workspace, stream);
    });
  }

  template <class A>
  static std::size_t workspace_bytes(const A& args) {
    std::size_t bytes = 0;
    const cudaError_t status = visit<A>(examine(args), [&](auto, const auto& plan) {
      bytes = plan.workspace_bytes();
      return cudaSuccess;
    });
    return status == cudaSuccess ? bytes : 0;
  }

  template <class A>
  static cudaError_t initialise_workspace(const A& args, void* workspace, std::size_t bytes,
                                          cudaStream_t stream) {
    return visit<A>(examine(args), [&](auto kernel, const auto& plan) {
      using Kernel = decltype(kernel);
      if (!plan.takes(workspace, bytes)) return cudaErrorInvalidValue;
      return clear_all(plan, workspace, stream, typename Kernel::ZeroOnce());
    });
  }

  template <class A>
  static typename Op::Selection select(const A& args) {
    const Call call = examine(args);
    typename Op::Selection selection;
    selection.status = call.status;
    selection.reason =
        *call.reason != '\0' ? call.reason : reason_of<Op>(call.query, call.device, call.choice);
    if (call.status != cudaSuccess) return selection;
    const BranchInfo& branch = Op::branch_info(call.choice.branch);
    selection.match = static_cast<typename Op::Match>(call.choice.match);
    selection.branch = call.choice.branch;
    selection.kernel = branch.kernel;
    selection.configuration = branch.configuration;
    if (call.choice.row >= 0) {
      const auto& row = Op::rows()[static_cast<std::size_t>(call.choice.row)];
      selection.tuned_problem = row.text;
      selection.tuned_ns = row.median_ns;
    }
    return selection;
  }

  template <class A>
  static cudaError_t attributes(const A& args, cudaFuncAttributes* result) {
    return visit<A>(examine(args), [&](auto kernel, const auto& plan) {
      return attributes_of<decltype(kernel)>(plan, result);
    });
  }
};

}  // namespace tw::dispatch

#ifndef _MSC_VER
#pragma GCC visibility pop
#endif
