tilewright_test(cli_parts_test SOURCES cli_parts_test.cpp cli_session_test.cpp cli_suites_test.cpp cli_elsewhere_test.cpp
  LIBRARIES tw_tune)
tilewright_test(cli_test SOURCES cli_test.cpp cli_faults_test.cpp LIBRARIES tw_db)
target_compile_definitions(cli_test PRIVATE TW_TUNE="$<TARGET_FILE:tune>")
add_dependencies(cli_test tune)
