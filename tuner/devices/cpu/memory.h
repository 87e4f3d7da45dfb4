// A plan's tensors, workspaces and epilogue arguments in the memory of the emulated device.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "core/plan/plan.h"
#include "devices/cpu/emulation/guarded.h"
#include "devices/cpu/shim/abi.h"

namespace tw::cpu {

enum class Inputs { first, second };

class PlanMemory {
 public:
  // Inputs (and inout tensors that are read) have the values of a set (kernels/common/inputs.cuh).
  // Outputs, and the gaps between the rows of a padded tensor, are poison. Tensors of the first set
  // end at an inaccessible page; tensors of the second set begin after one.
  PlanMemory(const Plan& plan, std::uint64_t seed, Inputs inputs = Inputs::first);

  // Restores the initial values of the outputs.
  void restore_outputs();
  // Poisons the workspaces that a launch must fill, so that data of the launch before cannot help
  // it.
  void poison_workspaces();
  void zero_workspaces(WorkspaceSpec::Init init);
  // Returns what the last launches wrote outside of the tensors: "wrote outside of c, 4 bytes past
  // the end"; empty if nothing.
  std::string damage() const;

  std::byte* tensor(std::size_t index) const { return tensors_[index].data(); }
  const std::byte* tensor_before(std::size_t index) const { return before_[index].data(); }

  // Copies inputs to the arrays of a module that the plan names.
  void copy_constants(const tw_cpu::Module& module) const;
  // Returns why they cannot be copied; empty if they can.
  std::string constant_mismatch(const tw_cpu::Module& module) const;

  // The arguments of one launch, as Scheduler::run takes them. `expected` and `magnitude` are the
  // oracle's buffers by tensor; they are empty if no argument names them.
  class KernelArguments {
   public:
    KernelArguments(const PlanMemory& memory, const PlanLaunch& launch,
                    const std::vector<Guarded>& expected = {},
                    const std::vector<Guarded>& magnitude = {});
    std::vector<void*>& pointers() { return pointers_; }
    // Returns why the entry point cannot be called with these arguments; empty if it can.
    std::string mismatch(int arg_count, const unsigned* arg_bytes) const;

   private:
    std::vector<std::vector<std::byte>> values_;
    std::vector<void*> pointers_;
  };

 private:
  const Plan& plan_;
  std::vector<Guarded> tensors_, workspaces_, epilogue_tensors_;
  std::vector<std::vector<std::byte>> before_;
  std::vector<std::vector<void*>> slices_;  // of the tensors that are passed as arrays of pointers
  std::vector<std::byte> epilogue_;         // the chain's Args struct
};

}  // namespace tw::cpu
