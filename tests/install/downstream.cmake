# Run by ctest: builds examples/downstream_cmake against the package (FROM is install or build) and
# runs it.
if(NOT NVCC)
  message("SKIPPED: nvcc was not found; install the CUDA toolkit or set CUDA_PATH")
  return()
endif()
include(${CMAKE_CURRENT_LIST_DIR}/run.cmake)

file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
if(FROM STREQUAL "install")
  run("install" ${CMAKE_COMMAND} --install ${BUILD} --prefix ${WORK}/prefix)
  set(package -DCMAKE_PREFIX_PATH=${WORK}/prefix)
  foreach(file bash-completion/completions/tune zsh/site-functions/_tune
      fish/vendor_completions.d/tune.fish man/man1/tune.1 man/man1/tune-db-info.1)
    if(NOT EXISTS ${WORK}/prefix/share/${file})
      message(FATAL_ERROR "share/${file} was not installed")
    endif()
  endforeach()
else()
  set(package -DTilewright_DIR=${BUILD})
  set(split "\\;--split")  # the default, which may be said
endif()
run("writing the database" ${DATABASE_WRITER} ${WORK}/gemm.db)
run("configuring" ${CMAKE_COMMAND} -S ${PROJECT} -B ${WORK}/build ${package}
    -DGEMM_DB=${WORK}/gemm.db
    "-DGEMM_OPTIONS=--source=cpu\\;--check=off${split}" -DCMAKE_CUDA_COMPILER=${NVCC}
    -DCMAKE_CUDA_ARCHITECTURES=90a -DCMAKE_CUDA_COMPILER_LAUNCHER=${LAUNCHER}
    -DCMAKE_CXX_COMPILER=${CXX} -DCMAKE_CUDA_HOST_COMPILER=${CXX} -DCMAKE_BUILD_TYPE=Release)
run("building" ${CMAKE_COMMAND} --build ${WORK}/build --parallel 2)
if(output MATCHES "warning")
  message(FATAL_ERROR "building warns:\n${output}")
endif()
# The kernel of the winner has a file of its own.
file(GLOB kernels ${WORK}/build/tuned_gemm/gemm.*.cu)
if(NOT kernels)
  message(FATAL_ERROR "no kernel has a file of its own:\n${output}")
endif()
foreach(kernel ${kernels})
  get_filename_component(name ${kernel} NAME)
  if(NOT EXISTS ${WORK}/build/CMakeFiles/tuned_gemm.dir/tuned_gemm/${name}.o)
    message(FATAL_ERROR "${name} was not compiled into the library:\n${output}")
  endif()
endforeach()
# If nothing has changed, nothing is written or compiled again. If the database has changed,
# everything is.
run("building again" ${CMAKE_COMMAND} --build ${WORK}/build)
if(output MATCHES "Building|Writing")
  message(FATAL_ERROR "a second build builds:\n${output}")
endif()

run("program" ${WORK}/build/downstream 512 512 512)
message("${output}")
if(status EQUAL 77)
  if(NOT output MATCHES "no GPU: ")
    message(FATAL_ERROR "without a GPU the program has to say so:\n${output}")
  endif()
  message("no GPU here: built, not run")
  return()
endif()
# Tuned and other shapes, including odd ones. Each result is compared with the product in double
# precision.
foreach(shape "512 512 512" "1024 1024 1024" "1000 900 800" "127 131 7" "1 1 1" "33 4099 65")
  separate_arguments(words UNIX_COMMAND "${shape}")
  run("program" ${WORK}/build/downstream ${words})
  message("${shape}:\n${output}")
  if(NOT status EQUAL 0 OR NOT output MATCHES "\ncorrect")
    message(FATAL_ERROR "downstream ${shape} failed (${status})")
  endif()
endforeach()
