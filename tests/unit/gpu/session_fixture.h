// A measuring session over the fake GPU, and jobs for it: y = 2 x on vectors.
#pragma once
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "devices/gpu/measure/measuring_session.h"
#include "unit/gpu/fake_runtime.h"
#include "unit/support/own_problem.h"

namespace tw::gpu {

inline constexpr int elements = 100;

// Returns the i-th argument of a launch, which is a pointer.
template <class T>
T* pointer(void** arguments, int i) {
  return *static_cast<T**>(arguments[i]);
}

class MeasuringSessionTest : public testing::Test {
 protected:
  MeasuringSessionTest() {
    add("twice", [](void** arguments) { twice(arguments); });
    add("reference", [this](void** arguments) {
      expected_ = pointer<double>(arguments, 1);
      const float* const x = pointer<const float>(arguments, 0);
      for (int i = 0; i < elements; ++i) {
        expected_[i] = 2.0 * static_cast<double>(x[i]);
        pointer<double>(arguments, 2)[i] = 1;
      }
    });
    runtime_.kernel("reference").parameter_bytes = {8, 8, 8};
  }

  // The right kernel. Others call it, and then do what is wrong.
  static float* twice(void** arguments) {
    float* const y = pointer<float>(arguments, 1);
    for (int i = 0; i < elements; ++i) y[i] = 2 * pointer<const float>(arguments, 0)[i];
    return y;
  }
  FakeKernel& add(const std::string& name, std::function<void(void**)> body) {
    FakeKernel kernel;
    kernel.body = std::move(body);
    kernel.parameter_bytes = {8, 8};
    return runtime_.add(name, std::move(kernel));
  }

  static PlanTensor tensor(const std::string& name, Role role) {
    PlanTensor made;
    made.name = name;
    made.role = role;
    made.layout = {{elements}, {1}, elements};
    return made;
  }
  static PlanArg arg(ArgSpec::Kind kind, int index) {
    PlanArg made;
    made.kind = kind;
    made.index = index;
    return made;
  }

  // Returns a job that measures a kernel, with five samples.
  static MeasureRequest request(const std::string& kernel) {
    MeasureRequest request;
    Job& job = request.job;
    job.problem = "twice f32 n=100";
    job.limits.min_samples = job.limits.max_samples = 5;
    Plan& plan = job.plan;
    ProblemPlan& problem = test::own_problem(plan);
    problem.tensors = {tensor("x", Role::in), tensor("y", Role::out)};
    PlanLaunch& launch = plan.launches.emplace_back();
    launch.block[0] = 32;
    launch.args = {arg(ArgSpec::Kind::tensor, 0), arg(ArgSpec::Kind::tensor, 1)};
    problem.tolerance = 1;
    problem.oracle.kind = OraclePlan::Kind::reference;
    problem.oracle.launches.emplace_back().args = {arg(ArgSpec::Kind::tensor, 0),
                                                   arg(ArgSpec::Kind::expected, 1),
                                                   arg(ArgSpec::Kind::magnitude, 1)};
    request.variant = {"an image", {kernel}};
    request.oracle = {"an image", {"reference"}};
    request.verify = {"an image", {}};
    return request;
  }

  Measurement measure(const MeasureRequest& request) {
    session_.prepare(request);
    return session_.run(request, lost_);
  }
  Measurement measure(const std::string& kernel) { return measure(request(kernel)); }

  FakeRuntime runtime_;
  MeasuringSession session_{runtime_, MeasuringSession::usual_guard_bytes, runtime_.clock()};
  bool lost_ = false;
  double* expected_ = nullptr;  // of the latest run of the reference
};

}  // namespace tw::gpu
