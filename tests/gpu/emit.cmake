# Emitted code on a GPU: the output of emit_writer, compiled with nvcc as a user would (all
# warnings are errors). One program has the header-only code as C++17, the .cu as C++20, and a plain
# C++ caller. It is built wherever nvcc is available. It is skipped if there is no GPU.
if(TILEWRIGHT_NVCC AND TILEWRIGHT_HAS_CUDA)
  set(folder ${CMAKE_CURRENT_BINARY_DIR}/emit_objects)
  file(MAKE_DIRECTORY ${folder})
  set(flags -O1 -I${TW_EMITTED} -ccbin ${CMAKE_CXX_COMPILER} -Xcompiler=-Wall,-Wextra,-Werror
    -Werror=all-warnings
      -gencode arch=compute_80,code=compute_80 -gencode arch=compute_90a,code=sm_90a)
  set(objects)
  function(compile object source)
    add_custom_command(OUTPUT ${folder}/${object}
      COMMAND ${CMAKE_CXX_COMPILER_LAUNCHER} ${TILEWRIGHT_NVCC} ${flags} ${ARGN} -c ${source}
        -o ${folder}/${object}
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

  # Products as in users' programs, one file each.
  function(product_program name test)
    add_custom_command(OUTPUT ${folder}/${name}
      COMMAND ${CMAKE_CXX_COMPILER_LAUNCHER} ${TILEWRIGHT_NVCC} ${flags} -std=c++17
        -c ${CMAKE_CURRENT_SOURCE_DIR}/${name}.cu -o ${folder}/${name}.o
      COMMAND ${TILEWRIGHT_NVCC} -ccbin ${CMAKE_CXX_COMPILER} ${folder}/${name}.o
        -o ${folder}/${name}
      DEPENDS ${name}.cu emit_values.h ${TW_EMITTED}/selected.h VERBATIM COMMENT "nvcc ${name}")
    add_custom_target(${name} ALL DEPENDS ${folder}/${name})
    add_dependencies(${name} emitted_for_tests)
    add_test(NAME ${test} COMMAND ${folder}/${name})
    set_tests_properties(${test} PROPERTIES LABELS gpu TIMEOUT 120 SKIP_RETURN_CODE 77)
  endfunction()
  product_program(reduced_program ReducedProgram)
  product_program(pointers_program PointersProgram)
  product_program(mixed_program MixedProgram)
  product_program(given_program GivenProgram)

  # One header in programs for several lists of architectures; each names the code that an H100 must
  # run.
  set(warnings -ccbin ${CMAKE_CXX_COMPILER} -Xcompiler=-Wall,-Wextra,-Werror -Werror=all-warnings)
  function(code_program name kernel)
    add_custom_command(OUTPUT ${folder}/code_${name}
      COMMAND ${TILEWRIGHT_NVCC} -std=c++17 -I${TW_EMITTED} ${warnings} ${ARGN}
        "-DKERNEL=\"${kernel}\"" ${CMAKE_CURRENT_SOURCE_DIR}/code_program.cu
        -o ${folder}/code_${name}
      DEPENDS code_program.cu emit_values.h ${TW_EMITTED}/selected.h VERBATIM
      COMMENT "nvcc code_${name}")
    add_custom_target(code_${name} ALL DEPENDS ${folder}/code_${name})
    add_dependencies(code_${name} emitted_for_tests)
    add_test(NAME EmitCode.${name} COMMAND ${folder}/code_${name})
    set_tests_properties(EmitCode.${name} PROPERTIES
      LABELS gpu TIMEOUT 120 SKIP_RETURN_CODE 77)
  endfunction()
  code_program(sm_80 everywhere -arch=sm_80)
  code_program(sm_90 everywhere -arch=sm_90)
  code_program(sm_90a specific -arch=sm_90a)
  code_program(all_major everywhere -arch=all-major)
  code_program(ptx_80 everywhere -arch=compute_80)
  code_program(ptx_90a specific -arch=compute_90a)
  code_program(sm_80_and_90a specific -rdc=true
    -gencode arch=compute_80,code=sm_80 -gencode arch=compute_90a,code=sm_90a)

  # One header in two libraries and in two files of a program. All share the toolkit's run-time
  # library, as PyTorch's extensions do.
  get_filename_component(toolkit ${TILEWRIGHT_NVCC} REALPATH)
  get_filename_component(toolkit ${toolkit}/../../lib64 ABSOLUTE)
  set(shared ${TILEWRIGHT_NVCC} -std=c++17 -O1 -I${TW_EMITTED} ${warnings} -arch=sm_80
      -cudart shared -Xcompiler=-fPIC -Xlinker -rpath,${toolkit})
  set(part ${CMAKE_CURRENT_SOURCE_DIR}/twice_part.cu)
  set(libraries)
  foreach(which first second)
    add_custom_command(OUTPUT ${folder}/lib_${which}.so ${folder}/${which}_file.o
      COMMAND ${shared} -shared -DPART=part ${part} -o ${folder}/lib_${which}.so
      COMMAND ${shared} -DPART=${which}_file -c ${part} -o ${folder}/${which}_file.o
      DEPENDS twice_part.cu twice_part.h ${TW_EMITTED}/selected.h VERBATIM
      COMMENT "nvcc ${which} user of one header")
    list(APPEND libraries ${folder}/lib_${which}.so)
  endforeach()
  add_custom_command(OUTPUT ${folder}/twice_program
    COMMAND ${shared} ${CMAKE_CURRENT_SOURCE_DIR}/twice_program.cpp ${folder}/first_file.o
      ${folder}/second_file.o -ldl -o ${folder}/twice_program
    DEPENDS twice_program.cpp twice_part.h emit_values.h ${libraries} VERBATIM
    COMMENT "nvcc twice_program")
  add_custom_target(twice_program ALL DEPENDS ${folder}/twice_program)
  add_dependencies(twice_program emitted_for_tests)
  add_test(NAME EmitLibraries COMMAND ${folder}/twice_program ${libraries})
  set_tests_properties(EmitLibraries PROPERTIES LABELS gpu TIMEOUT 120 SKIP_RETURN_CODE 77)
endif()
