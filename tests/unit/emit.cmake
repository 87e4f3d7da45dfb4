# Emitted code is written at build time and compiled into the tests, with our own warnings as errors.
add_executable(emit_writer emit_writer.cpp)
target_link_libraries(emit_writer PRIVATE tw_flags tw_db fmt::fmt-header-only)
target_compile_definitions(emit_writer PRIVATE TW_TEST_DATA="${PROJECT_SOURCE_DIR}/tests/data")
set(TW_EMITTED ${CMAKE_CURRENT_BINARY_DIR}/emitted CACHE INTERNAL "what emit_writer writes")
file(GLOB emit_data CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/data/emit/*)
add_custom_command(OUTPUT ${TW_EMITTED}/selected.h
  BYPRODUCTS ${TW_EMITTED}/tuned/blend.cu ${TW_EMITTED}/selected_reduced.h
  COMMAND ${CMAKE_COMMAND} -E rm -rf ${TW_EMITTED}
  COMMAND emit_writer ${TW_EMITTED}
  DEPENDS emit_writer ${emit_data} COMMENT "Emitting headers for the tests" VERBATIM)
add_custom_target(emitted_for_tests DEPENDS ${TW_EMITTED}/selected.h)

tilewright_test(emit_test SOURCES emit_test.cpp emit_text_test.cpp emit_samples_test.cpp emit_select_test.cpp emit_reduced_test.cpp ${TW_EMITTED}/selected.h
  LIBRARIES tw_db)
target_include_directories(emit_test PRIVATE ${TW_EMITTED})

# The choice of a branch is C++17 for users who are not at C++20.
add_library(emit_select_17 OBJECT emit_select_17.cpp ${TW_EMITTED}/selected.h)
target_include_directories(emit_select_17 PRIVATE ${TW_EMITTED})
target_link_libraries(emit_select_17 PRIVATE tw_flags)
set_target_properties(emit_select_17 PROPERTIES CXX_STANDARD 17)
target_link_libraries(emit_test PRIVATE emit_select_17)
