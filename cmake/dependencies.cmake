# The libraries that the build needs, all from Debian packages (scripts/setup installs them).
if(TILEWRIGHT_PORTABLE)
  set(CMAKE_FIND_LIBRARY_SUFFIXES .a)
  set(Boost_USE_STATIC_LIBS ON)
endif()

find_package(Threads REQUIRED)
find_package(Boost 1.74 REQUIRED COMPONENTS program_options context iostreams)
if(TILEWRIGHT_PORTABLE)
  # Boost's CMake files do not list the libraries that its static iostreams library needs.
  foreach(codec z bz2 lzma zstd)
    find_library(TILEWRIGHT_LIB_${codec} ${codec} REQUIRED)
    set_property(TARGET Boost::iostreams APPEND PROPERTY
      INTERFACE_LINK_LIBRARIES ${TILEWRIGHT_LIB_${codec}})
  endforeach()
endif()
find_package(fmt 9 REQUIRED)
# Uses the compiled library, because as a header fmt takes a third of the compiler's time. Debian
# has no static library of it.
set(TILEWRIGHT_FMT fmt::fmt)
if(TILEWRIGHT_PORTABLE)
  set(TILEWRIGHT_FMT fmt::fmt-header-only)
endif()
find_package(nlohmann_json 3.11 REQUIRED)
find_package(SQLite3 REQUIRED)

find_path(TOMLPP_INCLUDE toml++/toml.h REQUIRED)
# Uses toml++ as a header, because its own CMake target would link its shared library.
add_library(tw_toml INTERFACE)
target_include_directories(tw_toml SYSTEM INTERFACE ${TOMLPP_INCLUDE})
target_compile_definitions(tw_toml INTERFACE TOML_HEADER_ONLY=1)

find_path(XXHASH_INCLUDE xxhash.h REQUIRED)
find_library(XXHASH_LIBRARY xxhash REQUIRED)
add_library(tw_xxhash INTERFACE)
target_include_directories(tw_xxhash SYSTEM INTERFACE ${XXHASH_INCLUDE})
target_link_libraries(tw_xxhash INTERFACE ${XXHASH_LIBRARY})

find_path(SQLITECPP_INCLUDE SQLiteCpp/SQLiteCpp.h REQUIRED)
find_library(SQLITECPP_LIBRARY SQLiteCpp REQUIRED)
add_library(tw_sqlite INTERFACE)
target_include_directories(tw_sqlite SYSTEM INTERFACE ${SQLITECPP_INCLUDE})
target_link_libraries(tw_sqlite INTERFACE
  ${SQLITECPP_LIBRARY} SQLite::SQLite3 Threads::Threads ${CMAKE_DL_LIBS})

# The build needs only the headers of the toolkit. Its libraries are loaded at run time, on first
# use.
find_path(TILEWRIGHT_CUDA_INCLUDE cuda.h
  HINTS ENV CUDA_PATH ENV CUDA_HOME PATHS /usr/local/cuda /opt/cuda
  PATH_SUFFIXES include targets/x86_64-linux/include)
find_path(TILEWRIGHT_CUPTI_INCLUDE cupti.h HINTS ${TILEWRIGHT_CUDA_INCLUDE}
  PATHS ${TILEWRIGHT_CUDA_INCLUDE}/../extras/CUPTI/include)
if(TILEWRIGHT_CUDA STREQUAL "AUTO")
  if(TILEWRIGHT_CUDA_INCLUDE AND TILEWRIGHT_CUPTI_INCLUDE)
    set(TILEWRIGHT_HAS_CUDA ON)
  else()
    set(TILEWRIGHT_HAS_CUDA OFF)
  endif()
else()
  set(TILEWRIGHT_HAS_CUDA ${TILEWRIGHT_CUDA})
  if(TILEWRIGHT_HAS_CUDA AND NOT (TILEWRIGHT_CUDA_INCLUDE AND TILEWRIGHT_CUPTI_INCLUDE))
    message(FATAL_ERROR "TILEWRIGHT_CUDA=ON, but cuda.h or cupti.h was not found: "
      "install the CUDA toolkit, set CUDA_PATH, or use TILEWRIGHT_CUDA=OFF")
  endif()
endif()
message(STATUS "cuda device: ${TILEWRIGHT_HAS_CUDA}")

if(TILEWRIGHT_TESTS)
  find_package(GTest REQUIRED)
endif()
