# cmake -DTUNE=... -DPROGRAM=... -DFOLDER=... -P check_capture.cmake: runs the program under tune
# capture, and compares the list with what the program calls.
execute_process(COMMAND ${TUNE} capture --out ${FOLDER}/captured.txt -- ${PROGRAM}
  RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE err)
if(code EQUAL 77)
  message("skipped: no GPU")
  return()
endif()
if(NOT code EQUAL 0 OR NOT out STREQUAL "done\n")
  message(FATAL_ERROR "exit code ${code}: ${out}${err}")
endif()
file(STRINGS ${FOLDER}/captured.txt lines REGEX "^gemm")
set(expected
  "gemm m=256,n=512,k=128 layout=nt dtype=bf16 count=2"
  "gemm m=256,n=512,k=128 layout=nt dtype=bf16 epilogue=bias_column,relu count=1"
  "gemm m=256,n=512,k=128,ldb=136,ldc=520 layout=nt dtype=bf16 count=1"
  "gemm m=32,n=64,k=128,batch=6 layout=nt dtype=bf16 count=1"
  "gemm m=200,n=300,k=100 dtype=f32 count=3"
  "gemm m=200,n=300,k=100 dtype=f32 math=tf32 count=1")
list(SORT lines)
list(SORT expected)
if(NOT "${lines}" STREQUAL "${expected}")
  message(FATAL_ERROR "listed\n${lines}\nexpected\n${expected}")
endif()
file(STRINGS ${FOLDER}/captured.txt others REGEX "1 call of cublasSgemv")
if("${others}" STREQUAL "")
  message(FATAL_ERROR "the list does not count cublasSgemv")
endif()
