# A test that runs kernels on the host. Its executable is its own worker, and compiled kernels stay
# in the build tree.
function(tilewright_cpu_test name)
  tilewright_test(${name} ${ARGN})
  target_sources(${name} PRIVATE ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/cpu_test_main.cpp)
endfunction()

tilewright_cpu_test(cpu_test SOURCES cpu_parts_test.cpp cpu_shim_test.cpp cpu_mma_test.cpp
  cpu_special_values_test.cpp
  cpu_device_test.cpp cpu_extern_shared_test.cpp cpu_own_headers_test.cpp
  LIBRARIES tw_cpu)
tilewright_cpu_test(conformance_test COMPUTES
  SOURCES conformance_test.cpp conformance_special_test.cpp
          conformance_gemm_reference_test.cpp conformance_conv_reference_test.cpp
          conformance_rows_reference_test.cpp conformance_gemm_mma_test.cpp
  LIBRARIES tw_cpu tw_space TIMEOUT 600 LABELS conformance COST 30)
# All combinations, of which the tests above draw some; in parts, so that all cores have work.
foreach(part RANGE 15)
  add_test(NAME ConformanceFull.${part} COMMAND conformance_test --gtest_filter=*ConformanceTest*)
  set_tests_properties(ConformanceFull.${part} PROPERTIES LABELS full TIMEOUT 14400
    ENVIRONMENT TW_CONFORMANCE_FULL=${part}/16)
endforeach()
# The rule of comparison is device code that also compiles for the host.
tilewright_test(judge_test COMPUTES SOURCES judge_test.cpp judge_integers_test.cpp
  LIBRARIES tw_core)
target_include_directories(judge_test PRIVATE ${PROJECT_SOURCE_DIR}/kernels)
tilewright_cpu_test(tolerance_test SOURCES tolerance_test.cpp tolerance_rows_test.cpp
  tolerance_plain_test.cpp LIBRARIES tw_cpu tw_space TIMEOUT 300 COST 20)
tilewright_cpu_test(cpu_estimate_test SERIAL SOURCES cpu_estimate_test.cpp
  LIBRARIES tw_cpu tw_model tw_space TIMEOUT 400 LABELS conformance COST 20)
tilewright_cpu_test(mutation_test SOURCES mutation_test.cpp mutation_results_test.cpp
  mutation_publications_test.cpp LIBRARIES tw_cpu tw_space TIMEOUT 300 COST 15)

# Device code compiled for the host; the shim defines CUDA's words.
tilewright_test(epilogue_steps_test COMPUTES SOURCES epilogue_steps_test.cpp LIBRARIES tw_core)
target_include_directories(epilogue_steps_test PRIVATE ${PROJECT_SOURCE_DIR}/kernels)
