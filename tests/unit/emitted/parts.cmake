# Compiles each file of emit/emitted by itself: EmitPart.<file>.host and EmitPart.<file>.nvcc. So an
# error in them is found without emitting anything. The .cuh files have kernels or launch them, so
# only nvcc compiles them. EmitParts.ServeAnOp compiles all that their templates contain.
file(GLOB parts CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/emit/emitted/*)
set(roots -std=c++17 -I${PROJECT_SOURCE_DIR} -I${PROJECT_SOURCE_DIR}/tuner)
set(own_warnings -Wall -Wextra -Wconversion -Wshadow -Werror)
if(TILEWRIGHT_CUDA_INCLUDE)
  list(APPEND own_warnings -isystem ${TILEWRIGHT_CUDA_INCLUDE})
endif()
foreach(part IN LISTS parts)
  get_filename_component(name ${part} NAME)
  file(READ ${part} text)
  set(needs_cuda OFF)
  if(text MATCHES "#include <cuda")
    set(needs_cuda ON)
  endif()
  if(name MATCHES "[.]h$" AND (TILEWRIGHT_CUDA_INCLUDE OR NOT needs_cuda))
    add_test(NAME EmitPart.${name}.host COMMAND ${CMAKE_CXX_COMPILER} ${roots} ${own_warnings}
      -fsyntax-only -x c++ -include ${part} /dev/null)
  endif()
  if(TILEWRIGHT_HAS_CUDA)
    emit_test_of(EmitPart.${name}.nvcc compilers ${TILEWRIGHT_NVCC} ${strict} ${with_gcc} ${roots}
      -arch=sm_90a -x cu -include ${part} -c /dev/null -o /dev/null)
  endif()
endforeach()
if(TILEWRIGHT_HAS_CUDA)
  emit_test_of(EmitParts.ServeAnOp compilers ${TILEWRIGHT_NVCC} ${strict} ${with_gcc} ${roots}
    -arch=all-major -c ${CMAKE_CURRENT_LIST_DIR}/shared.cu -o /dev/null)
endif()
