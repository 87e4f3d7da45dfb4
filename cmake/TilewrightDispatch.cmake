# tilewright_add_dispatch(<target> OP <op> DB <file.db> [OUT <folder>] [EXTRA <option>...])
#
# Makes the static library <target> from the files that `tune emit` writes for the op's winners in
# the database. It contains launch() and the other functions that <op>.h declares. The files are
# written again whenever the database or the executable changes.
#   OUT    the folder of the files; the default is <target> in the current binary folder. If you
#          choose a folder, you must clean it: each tuning has a subfolder named after its digest.
#   EXTRA  more options of `tune emit`: --namespace my::kernels, --device H200, --source cpu,
#          --spec my/op.toml, ... --split is the default here.
# Plain C++ targets link the library and include "<op>.h". CUDA targets may include "<op>.cuh"
# instead, which defines everything in place. The project must enable CUDA. The library is compiled
# for CMAKE_CUDA_ARCHITECTURES, which must name the architecture of the tuned GPU (90a for H100 and
# H200).
#
# Each kernel has a .cu file of its own, so that they compile in parallel. Which kernels win is
# known when CMake configures, if the database and the executable are there; CMake configures again
# when one of them changes. Without them all kernels are in <op>.cu.

# Sets `result` to the names of the files that `tune emit --split` writes, or to nothing if that is
# not known yet.
function(_tilewright_split_files result op db extra)
  set(${result} "" PARENT_SCOPE)
  if(NOT EXISTS ${db})
    return()
  endif()
  get_target_property(tune Tilewright::tune IMPORTED_LOCATION)
  if(NOT EXISTS "${tune}")
    return()
  endif()
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${db} ${tune})
  execute_process(COMMAND ${tune} emit --op ${op} --db ${db} --out . ${extra} --split --dry-run
    WORKING_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR} OUTPUT_VARIABLE names ERROR_QUIET
    RESULT_VARIABLE status)
  if(status EQUAL 0)  # else the build says what is wrong
    string(STRIP "${names}" names)
    string(REPLACE "\n" ";" names "${names}")
    set(${result} ${names} PARENT_SCOPE)
  endif()
endfunction()

function(tilewright_add_dispatch target)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "OP;DB;OUT" "EXTRA")
  if(NOT ARG_OP OR NOT ARG_DB OR ARG_UNPARSED_ARGUMENTS)
    message(FATAL_ERROR
      "tilewright_add_dispatch(<target> OP <op> DB <file.db> [OUT <folder>] [EXTRA <option>...])")
  endif()
  if(NOT CMAKE_CUDA_COMPILER)
    message(FATAL_ERROR "tilewright_add_dispatch(${target}): enable_language(CUDA) comes first, "
      "since the library holds kernels")
  endif()
  # --split is added below if the names of the files are known, and `tune emit` takes it once.
  list(REMOVE_ITEM ARG_EXTRA --split)
  get_filename_component(db ${ARG_DB} ABSOLUTE)
  if(ARG_OUT)
    get_filename_component(out ${ARG_OUT} ABSOLUTE BASE_DIR ${CMAKE_CURRENT_BINARY_DIR})
    set(clean)
  else()
    set(out ${CMAKE_CURRENT_BINARY_DIR}/${target})
    set(clean COMMAND ${CMAKE_COMMAND} -E rm -rf ${out})
  endif()
  _tilewright_split_files(names ${ARG_OP} ${db} "${ARG_EXTRA}")
  set(split)
  if(names)
    set(split --split)
  else()
    set(names ${ARG_OP}.cu ${ARG_OP}.cuh ${ARG_OP}.h)
  endif()
  list(TRANSFORM names PREPEND ${out}/ OUTPUT_VARIABLE files)
  add_custom_command(OUTPUT ${files}
    ${clean}
    COMMAND Tilewright::tune emit --op ${ARG_OP} --db ${db} --out ${out} ${ARG_EXTRA} ${split}
    DEPENDS ${db} Tilewright::tune
    COMMENT "Writing the dispatch of ${ARG_OP} from ${ARG_DB}" VERBATIM)
  # Callers that include <op>.cuh must not be compiled before it is written.
  add_custom_target(${target}_emitted DEPENDS ${files})
  add_library(${target} STATIC ${files})
  add_dependencies(${target} ${target}_emitted)
  target_include_directories(${target} PUBLIC ${out} ${CMAKE_CUDA_TOOLKIT_INCLUDE_DIRECTORIES})
  target_compile_features(${target} PUBLIC cxx_std_17)
  target_compile_features(${target} PRIVATE cuda_std_17)
endfunction()
