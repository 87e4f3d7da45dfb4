# The parts of a GPU's device that need neither a GPU nor a toolkit.
tilewright_test(gpu_parts_test SOURCES gpu_cache_test.cpp gpu_messages_test.cpp
  gpu_sampling_test.cpp
  LIBRARIES tw_gpu tw_gpu_compile tw_gpu_measure)
# Over a fake GPU. The kernels that verify are compiled for the host and run by the emulation.
tilewright_test(gpu_session_test SOURCES gpu_fake_runtime.cpp gpu_session_test.cpp
  gpu_verdict_test.cpp gpu_verify_module.cpp
  LIBRARIES tw_gpu_measure tw_emulation)
tilewright_test(gpu_device_test SOURCES gpu_device_test.cpp gpu_fake_runtime.cpp
  gpu_verify_module.cpp
  LIBRARIES tw_gpu tw_gpu_compile tw_gpu_measure tw_emulation)
