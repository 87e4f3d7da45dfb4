# The parts of a GPU's device that need neither a GPU nor a toolkit.
tilewright_test(gpu_parts_test SOURCES gpu_cache_test.cpp gpu_messages_test.cpp
  gpu_sampling_test.cpp
  LIBRARIES tw_gpu tw_gpu_compile tw_gpu_measure)
