tilewright_test(cli_parts_test SOURCES cli_parts_test.cpp cli_explain_test.cpp cli_final_test.cpp
  cli_suites_test.cpp emit_check_test.cpp
  LIBRARIES tw_commands)
tilewright_test(report_test SOURCES report_test.cpp report_browser_test.cpp cli_report_test.cpp
  LIBRARIES tw_report nlohmann_json::nlohmann_json COST 60 TIMEOUT 900)
add_dependencies(report_test tune)
tilewright_test(cli_test SOURCES cli_test.cpp cli_emit_test.cpp cli_faults_test.cpp
  cli_dtypes_test.cpp cli_json_test.cpp cli_keys_test.cpp cli_oracle_test.cpp
  cli_shipped_test.cpp cli_claims_test.cpp cli_values_test.cpp cli_t1_test.cpp cli_source_test.cpp
  cli_source_values_test.cpp cli_select_test.cpp
  LIBRARIES tw_commands tw_sqlite COST 10)
add_dependencies(cli_test tune)
tilewright_test(cli_headers_test SOURCES cli_headers_test.cpp
  LIBRARIES tw_commands tw_sqlite LABELS conformance COST 20)
add_dependencies(cli_headers_test tune)

# More and longer kills, under the label full; it is started by hand.
tilewright_test(kill_test SOURCES kill_test.cpp LIBRARIES tw_db LABELS registry COST 18)
add_dependencies(kill_test tune)
add_test(NAME kill_full COMMAND kill_test)
set_tests_properties(kill_full PROPERTIES LABELS full TIMEOUT 1800
  ENVIRONMENT "TW_KILLS=200;TW_SECONDS=60")
