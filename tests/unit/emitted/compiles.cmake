# Checks that emitted headers compile: EmitCompiles.<case> runs nvcc on a file that emit/matrix.h
# describes, with our own warnings as errors. Every op, every kind of chain, every option of users
# and every host compiler occurs at least once. The label `full` has all pairs.
if(NOT TILEWRIGHT_HAS_CUDA)
  return()
endif()
find_program(TILEWRIGHT_CLANG NAMES clang++-14 clang++)
set(matrix ${TW_EMITTED}/matrix)
set(with_gcc -ccbin ${CMAKE_CXX_COMPILER})
set(with_clang -ccbin ${TILEWRIGHT_CLANG})
set(strict -Werror=all-warnings -Xcompiler=-Wall,-Wextra,-Werror,-fPIC)

# Adds a test that is shown as skipped if a compiler is missing.
function(emit_test_of name label)
  if(NOT TILEWRIGHT_NVCC OR (ARGN MATCHES TILEWRIGHT_CLANG-NOTFOUND))
    add_test(NAME ${name} COMMAND ${CMAKE_COMMAND} -E echo "SKIPPED: nvcc or clang++ is missing")
    set_tests_properties(${name} PROPERTIES SKIP_REGULAR_EXPRESSION SKIPPED LABELS ${label})
  else()
    add_test(NAME ${name} COMMAND ${ARGN})
    set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT 600)
  endif()
endfunction()
function(emit_compiles case source)
  emit_test_of(EmitCompiles.${case} compilers
    ${TILEWRIGHT_NVCC} ${strict} ${ARGN} -c ${matrix}/${source}.cu -o /dev/null)
  set_tests_properties(EmitCompiles.${case} PROPERTIES COST 40)
endfunction()

emit_compiles(Activation activation/activation -std=c++17 ${with_gcc} -arch=all-major)
emit_compiles(Softmax softmax/softmax -std=c++20 ${with_gcc} -rdc=true
  -gencode arch=compute_80,code=sm_80 -gencode arch=compute_90a,code=sm_90a)
emit_compiles(Reduce reduce/reduce -std=c++17 ${with_gcc} -G -arch=sm_90)
emit_compiles(Conv2d conv2d/conv2d -std=c++20 ${with_clang}
  --default-stream per-thread -arch=sm_90a)
emit_compiles(ConvTranspose2d conv_transpose2d/conv_transpose2d -std=c++17 ${with_clang}
  -rdc=true -arch=sm_90)
emit_compiles(Gemm gemm/gemm -std=c++20 ${with_gcc} --default-stream per-thread -arch=sm_90a)
emit_compiles(GemmPacked gemm_packed/gemm -std=c++17 ${with_gcc} -arch=sm_90a)
emit_compiles(GemmMma gemm_mma/gemm -std=c++17 ${with_gcc} -arch=sm_75)
emit_compiles(AwkwardNames twice/twice -std=c++17 ${with_gcc} -arch=sm_90a)
emit_compiles(AwkwardNamesElsewhere twice/twice -std=c++20 ${with_clang}
  -G -rdc=true --default-stream per-thread -arch=sm_90a)
foreach(name double std math dispatch tw New)
  emit_compiles(AnOpCalled_${name} ${name}/${name} -std=c++17 ${with_gcc}
    -I${matrix}/${name} -arch=sm_80)
endforeach()
emit_compiles(MapsOfOtherDtypes ../mapped/widen -std=c++17 ${with_gcc} -arch=sm_90a)
emit_compiles(Given ../given/smooth -std=c++17 ${with_gcc} -arch=all-major)
emit_compiles(GivenElsewhere ../given/smooth -std=c++20 ${with_gcc} -rdc=true -G -arch=sm_90a)
emit_compiles(Reach ../reach/gemm -std=c++17 ${with_gcc} -arch=sm_90a)
emit_compiles(PtxAlone dispatch/dispatch -std=c++17 ${with_gcc} -arch=compute_80)
emit_compiles(FastMathAccepted dispatch/dispatch -std=c++17 ${with_gcc} -arch=sm_80
  -use_fast_math -DTILEWRIGHT_ACCEPT_FAST_MATH)

foreach(source activation/activation softmax/softmax reduce/reduce conv2d/conv2d
        conv_transpose2d/conv_transpose2d gemm/gemm gemm_packed/gemm gemm_mma/gemm twice/twice)
  get_filename_component(folder ${source} DIRECTORY)
  foreach(flags -std=c++17 -std=c++20 -rdc=true -G --default-stream=per-thread)
    foreach(host gcc clang)
      foreach(architectures sm_90a all-major)
        emit_test_of(EmitCompilesFull.${folder}.${flags}.${host}.${architectures} full
          ${TILEWRIGHT_NVCC} ${strict} ${flags} ${with_${host}} -arch=${architectures}
          -c ${matrix}/${source}.cu -o /dev/null)
      endforeach()
    endforeach()
  endforeach()
endforeach()

# The libraries of a process must not share symbols.
emit_test_of(EmitLibrary.SharesNothing compilers
  ${CMAKE_COMMAND} "-DCOMPILER=${TILEWRIGHT_NVCC};${with_gcc};-arch=sm_80"
  -DSOURCE=${TW_EMITTED}/code/twice.cu -DFOLDER=${CMAKE_CURRENT_BINARY_DIR}/emit_library
  -P ${CMAKE_CURRENT_LIST_DIR}/library.cmake)

# Each kernel of a split header is compiled in its own file, and only there.
foreach(folder_and_op split/gemm split_given/smooth)
  get_filename_component(folder ${folder_and_op} DIRECTORY)
  get_filename_component(op ${folder_and_op} NAME)
  foreach(host gcc clang)
    emit_test_of(EmitSplit.${op}.${host} compilers
      ${CMAKE_COMMAND}
      "-DCOMPILER=${TILEWRIGHT_NVCC};-std=c++17;${with_${host}};-arch=sm_90a;${strict}"
      -DFOLDER=${TW_EMITTED}/${folder} -DOP=${op}
      -DWORK=${CMAKE_CURRENT_BINARY_DIR}/emit_split/${folder}_${host}
      -P ${CMAKE_CURRENT_LIST_DIR}/split.cmake)
  endforeach()
endforeach()

if(TILEWRIGHT_NVCC)
  emit_refuses(FastMathOfAKernelsFile "checked_without_use_fast_math_and_ftz"
    ${TILEWRIGHT_NVCC} -std=c++17 ${with_gcc} -arch=sm_90a -use_fast_math
    -c ${TW_EMITTED}/split/gemm.mma.cu -o /dev/null)
  set(fast ${TILEWRIGHT_NVCC} -std=c++17 ${with_gcc} -arch=sm_80
      -c ${matrix}/dispatch/dispatch.cu -o /dev/null)
  set(without_ftz "checked_without_use_fast_math_and_ftz")
  set(accept "__remove_them_or_define_TILEWRIGHT_ACCEPT_FAST_MATH")
  set(with_precision "checked_with_prec_div_and_prec_sqrt__leave_them_on")
  emit_refuses(FastMath ${without_ftz}${accept} ${fast} -use_fast_math)
  emit_refuses(FlushedDenormals ${without_ftz} ${fast} -ftz=true -G)
  emit_refuses(ImpreciseDivision ${with_precision} ${fast} -prec-div=false -rdc=true)
  emit_refuses(ImpreciseRoots ${with_precision} ${fast} -prec-sqrt=false)
endif()
