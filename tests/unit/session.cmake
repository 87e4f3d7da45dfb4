tilewright_test(session_tests
  SOURCES session_cpu_patience_test.cpp session_elsewhere_test.cpp session_final_race_test.cpp
    session_search_test.cpp session_test.cpp session_trials_test.cpp
  LIBRARIES tw_session)
