if(TILEWRIGHT_HAS_CUDA)
  tilewright_test(cuda_test SOURCES ../gpu/worker_main.cpp cuda_device_test.cpp
    cuda_pool_test.cpp cuda_headers_test.cpp
    LIBRARIES tw_cuda tw_gpu_compile tw_cuda_baselines tw_space)
endif()
# The address sanitizer's build leaves out the compilers' tests: no step of scripts/test runs them
# there.
if(TILEWRIGHT_HAS_CUDA AND NOT TILEWRIGHT_ASAN)
  tilewright_test(cuda_compile_test SOURCES ../gpu/worker_main.cpp cuda_compile_test.cpp
    cuda_own_headers_test.cpp
    LIBRARIES tw_cuda tw_gpu_compile tw_space TIMEOUT 300
    LABELS compilers COST 80)
  tilewright_test(cuda_code_test SOURCES ../gpu/worker_main.cpp cuda_code_test.cpp
    LIBRARIES tw_cuda tw_gpu_compile tw_emit LABELS compilers COST 10)
  if(TILEWRIGHT_NVCC)
    tilewright_test(cuda_shipped_test SOURCES ../gpu/worker_main.cpp cuda_shipped_test.cpp
      LIBRARIES tw_cuda tw_gpu_compile tw_space TIMEOUT 600
      LABELS compilers COST 240)
    target_compile_definitions(cuda_shipped_test PRIVATE TW_NVCC="${TILEWRIGHT_NVCC}")
  endif()
endif()

if(TILEWRIGHT_HAS_CUDA)
  # Fakes of the driver and the compiler, which the loader finds before the machine's own libraries.
  tilewright_test(cuda_queue_test SOURCES ../gpu/worker_main.cpp cuda_queue_test.cpp
    LIBRARIES tw_cuda tw_space)
  set(fakes ${CMAKE_CURRENT_BINARY_DIR}/cuda_fakes)
  target_compile_definitions(cuda_queue_test PRIVATE TW_FAKES="${fakes}")
  foreach(fake driver compiler)
    add_library(cuda_fake_${fake} SHARED ${CMAKE_CURRENT_LIST_DIR}/cuda_fake_${fake}.cpp)
    target_include_directories(cuda_fake_${fake} SYSTEM PRIVATE ${TILEWRIGHT_CUDA_INCLUDE})
    target_link_libraries(cuda_fake_${fake} PRIVATE tw_flags)
    set_target_properties(cuda_fake_${fake} PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${fakes})
    add_dependencies(cuda_queue_test cuda_fake_${fake})
  endforeach()
  set_target_properties(cuda_fake_driver PROPERTIES OUTPUT_NAME cuda SUFFIX .so.1)
  set_target_properties(cuda_fake_compiler PROPERTIES OUTPUT_NAME nvrtc SUFFIX .so.13)
endif()
