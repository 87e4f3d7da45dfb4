// Plain C++ code that calls the functions of blend.cu.
#include "emit_program.h"

namespace emit_program {

cudaError_t launch_from_plain_cpp(const tuned::blend::Args& args, void* workspace,
                                  cudaStream_t stream) {
  return tuned::blend::launch(args, workspace, stream);
}

std::size_t workspace_from_plain_cpp(const tuned::blend::Args& args) {
  return tuned::blend::workspace_bytes(args);
}

}  // namespace emit_program
