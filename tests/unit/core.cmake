tilewright_test(core_tests
  SOURCES
    core_basics_test.cpp
    core_bottleneck_test.cpp
    core_catalog_file_test.cpp
    core_enumerate_test.cpp
    core_epilogue_test.cpp
    core_expr_test.cpp
    core_fields_test.cpp
    core_bounds_test.cpp
    core_from_source_test.cpp
    core_job_test.cpp
    core_parts_test.cpp
    core_plan_test.cpp
    core_problem_test.cpp
    core_python_test.cpp
    core_source_values_test.cpp
    core_space_test.cpp
    core_spec_error_test.cpp
    core_spec_test.cpp
    core_statistics_test.cpp
    core_system_headers_test.cpp
    core_t1_errors_test.cpp
    core_t1_test.cpp
    core_time_model_test.cpp core_emulated_work_test.cpp
    core_verdict_test.cpp
  LIBRARIES tw_core)
