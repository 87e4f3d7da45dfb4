// Must not compile: calls with arguments that no header has.
#include "tuned/blend.cuh"

struct Own : tuned::blend::Args {};

cudaError_t call(const Own& own) { return tuned::blend::launch(own, nullptr, nullptr); }
