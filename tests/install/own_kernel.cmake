# Run by ctest: follows examples/own_kernel from its source to a program. Its kernel is tuned on the
# cpu device, so that the test needs no GPU.
if(NOT NVCC)
  message("SKIPPED: nvcc was not found; install the CUDA toolkit or set CUDA_PATH")
  return()
endif()
include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)

file(REMOVE_RECURSE ${WORK})
file(COPY ${PROJECT}/ DESTINATION ${WORK}/example)
get_filename_component(folder ${TUNE} DIRECTORY)
set(ENV{PATH} "${folder}:$ENV{PATH}")
run("tuning" ${WORK}/example/tune.sh --size n=4096 --device cpu --trust-code)
if(NOT output MATCHES "next: tune emit --spec spec/op.toml")
  message(FATAL_ERROR "tune does not say how to go on:\n${output}")
endif()
run("configuring" ${CMAKE_COMMAND} -S ${WORK}/example -B ${WORK}/build -DTilewright_DIR=${BUILD}
    "-DEMIT_OPTIONS=--source=cpu\\;--trust-code" -DCMAKE_CUDA_COMPILER=${NVCC}
    -DCMAKE_CUDA_ARCHITECTURES=90a -DCMAKE_CUDA_COMPILER_LAUNCHER=${LAUNCHER}
    -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_CUDA_HOST_COMPILER=${CXX} -DCMAKE_BUILD_TYPE=Release)
run("building" ${CMAKE_COMMAND} --build ${WORK}/build --parallel 2)
foreach(n 1 4095 1000000)
  run("program" ${WORK}/build/blur ${n})
  if(status EQUAL 77)
    message("no GPU here: built, not run")
    return()
  endif()
  if(NOT status EQUAL 0 OR NOT output MATCHES "the results are right")
    message(FATAL_ERROR "blur ${n} failed (${status}):\n${output}")
  endif()
endforeach()
