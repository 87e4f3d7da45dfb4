# The flags of all our targets. Link tw_flags PRIVATE.
add_library(tw_flags INTERFACE)
target_compile_options(tw_flags INTERFACE -Wall -Wextra -Wconversion -Wshadow -Werror)
# g++ 12 at -O3 warns of faults that cannot happen: in fmt 9's fill characters, and in the
# assignment of std::string (GCC bug 105651).
target_compile_options(tw_flags INTERFACE $<$<CXX_COMPILER_ID:GNU>:-Wno-stringop-overflow>
                                          $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>)
if(TILEWRIGHT_ASAN)
  # The checks of null pointers and object sizes take a third of the compiler's time, and the
  # address sanitizer finds these faults, too.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize=null,object-size
                      -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
if(TILEWRIGHT_TSAN)
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
endif()
if(TILEWRIGHT_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link,address,undefined -fno-sanitize=null,object-size
                      -fno-sanitize-recover=undefined -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
endif()
if(TILEWRIGHT_PORTABLE)
  add_link_options(-static-libstdc++ -static-libgcc)
endif()
find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
