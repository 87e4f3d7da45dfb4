# The build writes emitted code and compiles it into the tests, with our own warnings as errors.
add_executable(emit_writer emit_writer.cpp)
target_link_libraries(emit_writer PRIVATE tw_flags tw_emit ${TILEWRIGHT_FMT})
target_compile_definitions(emit_writer PRIVATE TW_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data")
set(TW_EMITTED ${CMAKE_CURRENT_BINARY_DIR}/emitted CACHE INTERNAL "what emit_writer writes")
file(GLOB emit_data CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/data/emit/*
  ${PROJECT_SOURCE_DIR}/tests/data/mapped/* ${PROJECT_SOURCE_DIR}/tests/data/given/*
  ${PROJECT_SOURCE_DIR}/tests/data/cubin/*)
set(emitted_loaders)
foreach(op smooth numbers softmax)
  list(APPEND emitted_loaders ${TW_EMITTED}/cubin/${op}/${op}.cpp ${TW_EMITTED}/cubin/${op}/${op}.h)
endforeach()
add_custom_command(OUTPUT ${TW_EMITTED}/selected.h
  BYPRODUCTS ${TW_EMITTED}/tuned/blend.cu ${TW_EMITTED}/selected_reduced.h
    ${TW_EMITTED}/selected_mapped.h ${emitted_loaders}
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${TW_EMITTED}
  COMMAND emit_writer ${TW_EMITTED}
  DEPENDS emit_writer ${emit_data} COMMENT "Emitting headers for the tests" VERBATIM)
add_custom_target(emitted_for_tests DEPENDS ${TW_EMITTED}/selected.h)

tilewright_test(emit_test
  SOURCES emit_test.cpp emit_text_test.cpp emit_samples_test.cpp emit_select_test.cpp
    emit_reduced_test.cpp emit_launches_test.cpp emit_mapped_test.cpp emit_model_test.cpp
    emit_write_test.cpp emit_given_test.cpp emit_reach_test.cpp emit_cubin_test.cpp
    emit_portfolio_test.cpp ${TW_EMITTED}/selected.h
  LIBRARIES tw_emit tw_emit_portfolio)
target_include_directories(emit_test PRIVATE ${TW_EMITTED})

# The choice of a branch is C++17, for users who do not have C++20.
add_library(emit_select_17 OBJECT emit_select_17.cpp ${TW_EMITTED}/selected.h)
target_include_directories(emit_select_17 PRIVATE ${TW_EMITTED})
target_link_libraries(emit_select_17 PRIVATE tw_flags)
set_target_properties(emit_select_17 PROPERTIES CXX_STANDARD 17)
target_link_libraries(emit_test PRIVATE emit_select_17)

# Compiled code with its loader, as a user builds it: by the host compiler alone.
if(TILEWRIGHT_CUDA_INCLUDE)
  add_library(emit_cubin_loaders OBJECT ${emitted_loaders})
  set_target_properties(emit_cubin_loaders PROPERTIES CXX_STANDARD 17 UNITY_BUILD OFF)
  tilewright_test(emit_cubin_run_test SOURCES emit_cubin_run_test.cpp
    LIBRARIES emit_cubin_loaders LABELS compilers)
  foreach(target emit_cubin_loaders emit_cubin_run_test)
    target_link_libraries(${target} PRIVATE tw_flags)
    target_include_directories(${target} PRIVATE ${TW_EMITTED})
    target_include_directories(${target} SYSTEM PRIVATE ${TILEWRIGHT_CUDA_INCLUDE})
    add_dependencies(${target} emitted_for_tests)
  endforeach()
endif()

# Checks what an emitted header refuses: EmitRefuses.<case> passes if the compiler says `message`.
function(emit_refuses case message)
  add_test(NAME EmitRefuses.${case} COMMAND ${ARGN})
  set_tests_properties(EmitRefuses.${case} PROPERTIES
    PASS_REGULAR_EXPRESSION "${message}" TIMEOUT 300)
endfunction()
set(refused ${CMAKE_CURRENT_SOURCE_DIR}/emit_refused.cu)
if(TILEWRIGHT_CUDA_INCLUDE)
  set(plain ${CMAKE_CXX_COMPILER} -x c++ -fsyntax-only
    -I${TW_EMITTED} -isystem ${TILEWRIGHT_CUDA_INCLUDE})
  emit_refuses(OldCpp "blend.cuh needs C\\+\\+17"
    ${plain} -std=c++14 -D__CUDACC__ ${TW_EMITTED}/tuned/blend.cuh)
  emit_refuses(TwoTuningsInOneFile "two tunings of blend"
    ${plain} -std=c++17 -DTILEWRIGHT_IN_tuned_3A_3Ablend ${TW_EMITTED}/tuned/blend.h)
  emit_refuses(PlainCppOfTheKernels "compile it with nvcc"
    ${plain} -std=c++17 ${TW_EMITTED}/tuned/blend.cuh)
  emit_refuses(ForgottenConstants "no matching function for call to .*ArgsBiasColumnClampScaleClamp"
    ${plain} -std=c++17 ${CMAKE_CURRENT_SOURCE_DIR}/emit_constants.cpp)
  add_test(NAME EmitCompiles.StatedConstants
    COMMAND ${plain} -std=c++17 -Wall -Wextra -Wconversion -Werror -DSTATED
      ${CMAKE_CURRENT_SOURCE_DIR}/emit_constants.cpp)
  emit_refuses(OldToolkit "blend.cuh needs CUDA 12"
    ${plain} -std=c++17 -D__CUDACC__ -DCUDART_VERSION=11080 -D__CUDA_RUNTIME_API_H__
    ${TW_EMITTED}/tuned/blend.cuh)
endif()
if(TILEWRIGHT_NVCC)
  emit_refuses(OtherArguments "blend: not one of the types of arguments in blend.h"
    ${TILEWRIGHT_NVCC} -std=c++17 -ccbin ${CMAKE_CXX_COMPILER} -arch=compute_90
    -I${TW_EMITTED} -c ${refused} -o /dev/null)
endif()
include(${CMAKE_CURRENT_LIST_DIR}/emit_compiles.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/emit_parts.cmake)
