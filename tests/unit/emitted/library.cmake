# Makes a shared library of SOURCE with COMPILER in FOLDER. Fails if the library exports data, or
# has a symbol that exists only once in a process (STB_GNU_UNIQUE, such as a static variable in a
# template).
file(MAKE_DIRECTORY ${FOLDER})
set(object ${FOLDER}/library.o)
set(library ${FOLDER}/library.so)
execute_process(COMMAND ${COMPILER} -std=c++17 -Xcompiler=-fPIC -c ${SOURCE} -o ${object}
  COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${COMPILER} -shared ${object} -o ${library} COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND nm -C ${object} OUTPUT_VARIABLE in_object COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND nm -DC --defined-only ${library} OUTPUT_VARIABLE exported
  COMMAND_ERROR_IS_FATAL ANY)
string(REGEX MATCHALL "[0-9a-f]+ u [^\n]*" unique "${in_object}\n${exported}")
string(REGEX MATCHALL "[0-9a-f]+ [BDGRSV] [^\n]*tw_[^\n]*" data "${exported}")
if(unique OR data)
  list(JOIN unique "\n" unique)
  list(JOIN data "\n" data)
  message(FATAL_ERROR "shared by all libraries of a process:\n${unique}\n${data}")
endif()
if(NOT exported MATCHES "launch<")
  message(FATAL_ERROR "launch is not exported")
endif()
