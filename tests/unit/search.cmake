tilewright_test(search_tests COMPUTES
  SOURCES search_strategy_test.cpp search_driver_test.cpp search_knob_effects_test.cpp
    search_race_test.cpp search_race_simulation_test.cpp search_stopping_test.cpp
  LIBRARIES tw_search)
tilewright_test(process_tests SOURCES job_runner_test.cpp process_test.cpp file_lock_test.cpp
  LIBRARIES tw_devices)
add_executable(echo_worker echo_worker.cpp)
target_link_libraries(echo_worker PRIVATE tw_devices tw_flags)
add_dependencies(process_tests echo_worker)
