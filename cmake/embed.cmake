# tilewright_embed(<out.cpp> <function> <folder> <pattern...>)
#
# Makes a C++ file that defines `const tw::Texts& tw::<function>()`: the texts of the files below
# <folder>, by their relative path. New files are found automatically.
function(tilewright_embed out function folder)
  set(globs)
  foreach(pattern IN LISTS ARGN)
    list(APPEND globs ${folder}/${pattern})
  endforeach()
  file(GLOB_RECURSE files CONFIGURE_DEPENDS ${globs})
  list(SORT files)
  add_custom_command(OUTPUT ${out}
    COMMAND ${CMAKE_COMMAND} -DOUT=${out} -DFUNCTION=${function} -DFOLDER=${folder}
            "-DFILES=${files}" -P ${PROJECT_SOURCE_DIR}/cmake/embed_script.cmake
    DEPENDS ${files} ${PROJECT_SOURCE_DIR}/cmake/embed_script.cmake
    COMMENT "Embedding ${folder}" VERBATIM)
endfunction()
