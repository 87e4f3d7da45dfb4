// Several users of one emitted header in a process: two libraries that are loaded with
// dlopen(RTLD_LOCAL), as an interpreter loads its extensions, and two files of this program. They
// run before and after cudaDeviceReset, and in a second context. The arguments are the libraries'
// paths. Exit code 0; 1 if a case failed; 77 if there is no GPU.
#include <cudaTypedefs.h>
#include <dlfcn.h>

#include "emit_values.h"
#include "twice_part.h"

TWICE_PART(first_file);
TWICE_PART(second_file);

namespace {

using Part = const char* (*)();

void run(Part part, const char* name, const char* when) {
  const char* const wrong = part == nullptr ? "not loaded" : part();
  if (wrong != nullptr) std::fprintf(stderr, "%s, %s: %s\n", name, when, wrong);
  EXPECT(wrong == nullptr);
}

Part loaded(const char* path) {
  void* const library = dlopen(path, RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) std::fprintf(stderr, "%s\n", dlerror());
  return library == nullptr ? nullptr : reinterpret_cast<Part>(dlsym(library, "part"));
}

template <class Function>
Function driver(const char* name, unsigned version) {
  void* function = nullptr;
  cudaDriverEntryPointQueryResult result{};
  EXPECT_OK(cudaGetDriverEntryPointByVersion(name, &function, version, cudaEnableDefault, &result));
  EXPECT(function != nullptr);
  return reinterpret_cast<Function>(function);
}

}  // namespace

int main(int count, char** words) {
  if (lacks_gpu()) return 77;
  if (count != 3) return 2;
  const Part parts[] = {first_file, second_file, loaded(words[1]), loaded(words[2])};
  const char* const names[] = {"first file", "second file", "first library", "second library"};
  const auto run_all = [&](const char* when) {
    for (int i = 0; i < 4; ++i) run(parts[i], names[i], when);
  };
  run_all("at first");
  run_all("again");
  EXPECT_OK(cudaDeviceReset());
  run_all("after a reset");
  const auto create = driver<PFN_cuCtxCreate_v3020>("cuCtxCreate", 3020);
  const auto destroy = driver<PFN_cuCtxDestroy_v4000>("cuCtxDestroy", 4000);
  CUcontext context = nullptr;
  EXPECT(create(&context, 0, 0) == CUDA_SUCCESS);
  run_all("in a second context");
  EXPECT(destroy(context) == CUDA_SUCCESS);
  run_all("in the first context again");
  return failures == 0 ? 0 : 1;
}
