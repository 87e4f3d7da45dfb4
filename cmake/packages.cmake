# Packages for people: `cpack --preset portable` makes a .deb and a .tar.gz of the portable build,
# which needs nothing but libc (docs/install.md).
set(CPACK_GENERATOR DEB TGZ)
set(CPACK_PACKAGE_NAME tilewright)
set(CPACK_PACKAGE_VENDOR "The Tilewright authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGE_DESCRIPTION "\
Finds the fastest configuration of a CUDA kernel for a shape on a GPU, stores every measurement in \
an SQLite file, and writes the winner as a C++ header.")
set(CPACK_RESOURCE_FILE_LICENSE ${PROJECT_SOURCE_DIR}/LICENSE)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "Tilewright maintainers <maintainers@tilewright.invalid>")
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# The cpu device compiles kernels with g++; `tune` says so where there is none.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS g++)
include(CPack)
