tilewright_test(db_test
  SOURCES db_clock_test.cpp db_export_test.cpp db_fields_test.cpp db_merge_test.cpp
    db_open_test.cpp
    db_store_test.cpp db_winners_test.cpp
  LIBRARIES tw_db tw_sqlite)
tilewright_test(recording_test
  SOURCES recording_test.cpp recording_faults_test.cpp recording_shipped_test.cpp
  LIBRARIES tw_core tw_db)
target_compile_definitions(recording_test PRIVATE
  TW_PUBLISHED="${PROJECT_SOURCE_DIR}/reports/published")
tilewright_test(replay_test SOURCES replay_test.cpp LIBRARIES tw_replay)

# Public recordings (from the autotuning community's benchmark hub) are not in this repository.
set(TILEWRIGHT_RECORDINGS "" CACHE PATH
  "Folder of public T4 and Kernel Tuner files, to test against")
if(TILEWRIGHT_RECORDINGS)
  tilewright_test(recording_published_test SOURCES recording_published_test.cpp LIBRARIES tw_replay)
  target_compile_definitions(recording_published_test PRIVATE
    TILEWRIGHT_RECORDINGS="${TILEWRIGHT_RECORDINGS}")
endif()
