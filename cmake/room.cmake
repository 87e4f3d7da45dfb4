# tilewright_room(<name> SOURCES ... [PUBLIC <libraries>] [PRIVATE <libraries>])
#
# Makes the static library tw_<name> of one folder. PUBLIC lists the libraries that its headers
# include. scripts/rooms checks which rooms include which. With CMAKE_UNITY_BUILD, a room is
# compiled in parts of eight files; a generated file is compiled by itself, so that the parts can be
# read before anything is built (scripts/tidy).
function(tilewright_room name)
  cmake_parse_arguments(PARSE_ARGV 1 ARG "" "" "SOURCES;PUBLIC;PRIVATE")
  add_library(tw_${name} STATIC ${ARG_SOURCES})
  target_link_libraries(tw_${name} PUBLIC ${ARG_PUBLIC} PRIVATE tw_flags ${ARG_PRIVATE})
  set_target_properties(tw_${name} PROPERTIES UNITY_BUILD_BATCH_SIZE 8)
  foreach(source IN LISTS ARG_SOURCES)
    if(source MATCHES "^${PROJECT_BINARY_DIR}/")
      set_source_files_properties(${source} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
    endif()
  endforeach()
endfunction()
