# Runs a command, and sets `output` and `status`. Only the command `program` may fail.
function(run what)
  execute_process(COMMAND ${ARGN}
    RESULT_VARIABLE status OUTPUT_VARIABLE output ERROR_VARIABLE output)
  set(output "${output}" PARENT_SCOPE)
  set(status "${status}" PARENT_SCOPE)
  if(NOT status EQUAL 0 AND NOT what STREQUAL "program")
    message(FATAL_ERROR "${what} failed (${status}):\n${output}")
  endif()
endfunction()
