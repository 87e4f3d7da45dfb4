# Emitted code on a GPU: what unit/emit_writer writes, compiled by nvcc as a user would (all warnings are errors): header-only as
# C++17, its .cu as C++20, and a plain C++ caller, in one program. Built wherever nvcc is, but for the sanitizer, which does not look into
# such programs; it skips where there is no GPU.
if(TILEWRIGHT_NVCC AND TILEWRIGHT_HAS_CUDA AND NOT TILEWRIGHT_ASAN)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/emit_objects)
  file(MAKE_DIRECTORY ${folder})
  set(flags -O1 -I${TW_EMITTED} -ccbin ${CMAKE_CXX_COMPILER} -Xcompiler=-Wall,-Wextra,-Werror -Werror=all-warnings
      -gencode arch=compute_80,code=compute_80 -gencode arch=compute_90a,code=sm_90a)
  set(objects)
  function(compile object source)
    add_custom_command(OUTPUT ${folder}/${object} COMMAND ${TILEWRIGHT_NVCC} ${flags} ${ARGN} -c ${source} -o ${folder}/${object}
      DEPENDS ${source} ${CMAKE_CURRENT_SOURCE_DIR}/emit_program.h ${TW_EMITTED}/selected.h VERBATIM
      COMMENT "nvcc ${object}")
    set(objects ${objects} ${folder}/${object} PARENT_SCOPE)
  endfunction()
  compile(program.o ${CMAKE_CURRENT_SOURCE_DIR}/emit_program.cu -std=c++17)
  compile(headers.o ${CMAKE_CURRENT_SOURCE_DIR}/emit_headers.cu -std=c++17)
  compile(library.o ${TW_EMITTED}/tuned/blend.cu -std=c++20)
  compile(plain.o ${CMAKE_CURRENT_SOURCE_DIR}/emit_plain.cpp -std=c++17)
  add_custom_command(OUTPUT ${folder}/emit_program
    COMMAND ${TILEWRIGHT_NVCC} -ccbin ${CMAKE_CXX_COMPILER} ${objects} -o ${folder}/emit_program
    DEPENDS ${objects} VERBATIM)
  add_custom_target(emit_program ALL DEPENDS ${folder}/emit_program)
  add_dependencies(emit_program emitted_for_tests)
  add_test(NAME EmitProgram COMMAND ${folder}/emit_program)
  set_tests_properties(EmitProgram PROPERTIES LABELS gpu TIMEOUT 120 SKIP_RETURN_CODE 77)

  # Products as users' programs, one a file.
  function(product_program name test)
    add_custom_command(OUTPUT ${folder}/${name}
      COMMAND ${TILEWRIGHT_NVCC} ${flags} -std=c++17 ${CMAKE_CURRENT_SOURCE_DIR}/${name}.cu -o ${folder}/${name}
      DEPENDS ${name}.cu emit_values.h ${TW_EMITTED}/selected.h VERBATIM COMMENT "nvcc ${name}")
    add_custom_target(${name} ALL DEPENDS ${folder}/${name})
    add_dependencies(${name} emitted_for_tests)
    add_test(NAME ${test} COMMAND ${folder}/${name})
    set_tests_properties(${test} PROPERTIES LABELS gpu TIMEOUT 120 SKIP_RETURN_CODE 77)
  endfunction()
  product_program(reduced_program ReducedProgram)
  product_program(pointers_program PointersProgram)
endif()
