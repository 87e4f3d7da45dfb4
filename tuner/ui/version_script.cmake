# Runs at each build. Writes version.cpp only if the commit has changed.
execute_process(COMMAND git -C ${FOLDER} describe --always --dirty --abbrev=12 --exclude=*
  OUTPUT_VARIABLE commit OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET RESULT_VARIABLE failed)
if(failed OR commit STREQUAL "")
  set(commit "unknown")
endif()
configure_file(${FOLDER}/version.cpp.in ${OUT} @ONLY)
