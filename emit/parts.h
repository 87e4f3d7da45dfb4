// The parts of an emitted <op>.cuh that are the same for every op.
#pragma once

namespace tw {

// Surrounds the code that reaches the kernels. Each library of a process has its own copy, with its
// own kernels.
inline constexpr const char* hidden = R"(// These symbols are not exported.
// Each library of a process has its own copy.
#ifndef _MSC_VER
#pragma GCC visibility push(hidden)
#endif
)";
inline constexpr const char* visible_again = R"(#ifndef _MSC_VER
#pragma GCC visibility pop
#endif

)";

// Finds the workspaces inside the caller's memory.
inline constexpr const char* memory_parts = R"(template <class Plan>
dispatch::Pointer part(const Plan& plan, void* workspace, int index) {
  if (plan.bytes[index] == 0) return dispatch::Pointer{nullptr};
  return dispatch::Pointer{static_cast<char*>(workspace) + plan.offset[index]};
}

template <class Plan>
cudaError_t clear(const Plan& plan, void* workspace, int index, cudaStream_t stream) {
  if (plan.bytes[index] == 0) return cudaSuccess;
  return cudaMemsetAsync(static_cast<char*>(workspace) + plan.offset[index], 0,
                         static_cast<std::size_t>(plan.bytes[index]), stream);
}

)";

// Finds the branch for the arguments of a call.
inline constexpr const char* call_parts = R"(// The result of examine(): a query and its branch.
struct Call {
  cudaError_t status = cudaSuccess;
  const char* reason = "";
  Device device;
  Query query;
  Choice choice;
};

template <class A>
Call examine(const A& args) {
  Call call;
  call.status = dispatch::current_device(call.device);
  if (call.status != cudaSuccess) {
    call.reason = cudaGetErrorString(call.status);
    return call;
  }
  call.query.form = Form<A>::index;
  call.query.problem.dtype = Form<A>::dtype;
  call.query.problem.math = Form<A>::math;
  call.query.problem.sizeof_t = sizeof(typename Form<A>::T);
  call.query.problem.reduced = Form<A>::reduced;
  const char* wrong = read(args, call.device, call.query);
  if (wrong == nullptr) wrong = Form<A>::check(args, call.query.problem);
  if (wrong != nullptr) {
    call.status = cudaErrorInvalidValue;
    call.reason = wrong;
    return call;
  }
  call.choice = choose(call.query, call.device);
  if (call.choice.branch < 0) call.status = cudaErrorInvalidDeviceFunction;
  return call;
}

template <class A, class Visitor>
cudaError_t visit_call(const Call& call, Visitor visit) {
  if (call.status != cudaSuccess) return call.status;
  return visit_branch<A>(call.choice.branch, call.query.problem, call.device, visit);
}

template <class A>
cudaError_t launch(const A& args, void* workspace, std::size_t bytes, cudaStream_t stream) {
  const Call call = examine(args);
  return visit_call<A>(call, [&](auto runner, const auto& plan) {
    if (!plan.takes(workspace, bytes)) return cudaErrorInvalidValue;
    return runner.launch(args, plan, call.device, workspace, stream);
  });
}

template <class A>
std::size_t workspace_bytes(const A& args) {
  std::size_t bytes = 0;
  const cudaError_t status = visit_call<A>(examine(args), [&](auto, const auto& plan) {
    bytes = plan.workspace_bytes();
    return cudaSuccess;
  });
  return status == cudaSuccess ? bytes : 0;
}

template <class A>
cudaError_t initialise_workspace(const A& args, void* workspace, std::size_t bytes,
                                 cudaStream_t stream) {
  return visit_call<A>(examine(args), [&](auto runner, const auto& plan) {
    if (!plan.takes(workspace, bytes)) return cudaErrorInvalidValue;
    return runner.initialise(plan, workspace, stream);
  });
}

template <class A>
api::Selection select(const A& args) {
  const Call call = examine(args);
  api::Selection selection;
  selection.status = call.status;
  selection.reason =
      *call.reason != '\0' ? call.reason : reason_of(call.query, call.device, call.choice);
  if (call.status != cudaSuccess) return selection;
  const BranchInfo& branch = branches[call.choice.branch];
  selection.match = static_cast<api::Match>(call.choice.match);
  selection.branch = call.choice.branch;
  selection.kernel = branch.kernel;
  selection.configuration = branch.configuration;
  if (call.choice.row >= 0) {
    const Row& row = rows[static_cast<std::size_t>(call.choice.row)];
    selection.tuned_problem = row.text;
    selection.tuned_ns = row.median_ns;
  }
  return selection;
}

template <class A>
cudaError_t attributes(const A& args, cudaFuncAttributes* result) {
  return visit_call<A>(examine(args), [&](auto runner, const auto& plan) {
    return runner.attributes(plan, result);
  });
}

)";

// The public functions. `inner` is the namespace of the dispatch.
inline constexpr const char* public_parts = R"(template <class A>
cudaError_t launch(const A& args, void* workspace, std::size_t bytes, cudaStream_t stream) {
  return inner::launch(args, workspace, bytes, stream);
}

template <class A>
cudaError_t launch(const A& args, void* workspace, cudaStream_t stream) {
  return inner::launch(args, workspace, SIZE_MAX, stream);
}

template <class A>
std::size_t workspace_bytes(const A& args) {
  return inner::workspace_bytes(args);
}

template <class A>
cudaError_t initialise_workspace(const A& args, void* workspace, std::size_t bytes,
                                 cudaStream_t stream) {
  return inner::initialise_workspace(args, workspace, bytes, stream);
}

template <class A>
cudaError_t initialise_workspace(const A& args, void* workspace, cudaStream_t stream) {
  return inner::initialise_workspace(args, workspace, SIZE_MAX, stream);
}

template <class A>
Selection select(const A& args) {
  return inner::select(args);
}

template <class A>
cudaError_t attributes(const A& args, cudaFuncAttributes* result) {
  return inner::attributes(args, result);
}

)";

}  // namespace tw
