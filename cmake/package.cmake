# The CMake package. find_package(Tilewright) gives it to a project that uses tuned kernels.
#
#   find_package(Tilewright REQUIRED)
#   tilewright_add_dispatch(tuned_gemm OP gemm DB ${CMAKE_CURRENT_SOURCE_DIR}/gemm.db)
#   target_link_libraries(app PRIVATE tuned_gemm)
#   # In C++ sources: #include "gemm.h". In CUDA sources: #include "gemm.cuh".
#
# The package is found in an install prefix (CMAKE_PREFIX_PATH) and in a build tree
# (Tilewright_DIR). The kernels are embedded in the executable, so the package is only the
# executable and one CMake function: see TilewrightDispatch.cmake.
include(CMakePackageConfigHelpers)

set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/Tilewright)
set(tune_path ${CMAKE_INSTALL_BINDIR}/tune)
configure_package_config_file(
  ${CMAKE_CURRENT_LIST_DIR}/TilewrightConfig.cmake.in
  ${PROJECT_BINARY_DIR}/package/TilewrightConfig.cmake
  INSTALL_DESTINATION ${package_folder} PATH_VARS tune_path)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/package/TilewrightConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/package/TilewrightConfig.cmake
              ${PROJECT_BINARY_DIR}/package/TilewrightConfigVersion.cmake
              ${CMAKE_CURRENT_LIST_DIR}/TilewrightDispatch.cmake
        DESTINATION ${package_folder})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

# The same package for the build tree.
file(READ ${CMAKE_CURRENT_LIST_DIR}/TilewrightConfig.cmake.in config)
string(REPLACE "@PACKAGE_INIT@" "" config "${config}")
string(REPLACE "@PACKAGE_tune_path@" "$<TARGET_FILE:tune>" config "${config}")
file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/TilewrightConfig.cmake CONTENT "${config}")
configure_file(${PROJECT_BINARY_DIR}/package/TilewrightConfigVersion.cmake
  ${PROJECT_BINARY_DIR}/TilewrightConfigVersion.cmake COPYONLY)
configure_file(${CMAKE_CURRENT_LIST_DIR}/TilewrightDispatch.cmake
  ${PROJECT_BINARY_DIR}/TilewrightDispatch.cmake COPYONLY)
