// Turns winners into C++ dispatch headers: a pure function from data to text.
#pragma once
#include <map>
#include <string>

#include "emit/tuning/request.h"

namespace tw {

// Returns the relative paths and texts of the files of the emitted folder, which needs nothing but
// a CUDA toolkit:
//   gemm.cuh              the dispatch, header-only: what each branch is, with its evidence
//   gemm.h, gemm.cu       the same functions for plain C++: declarations, and one translation unit
//   gemm.<kernel>.cu      if the request is split: the code of a kernel, which gemm.cu then lacks
//   tilewright_<digest>/  the kernel headers used, and the parts of the dispatch
// Throws Error if a winner's problem or configuration is unknown to the catalog's specs, if the
// winners are of several ops or devices, if name_space is no C++ namespace, if no header can hold a
// winner's kernel (check_kernels), and if the header would be empty.
std::map<std::string, std::string> emit(const EmitRequest& request);
// Throws Error if no header can hold the kernel of a winner, or if two names of it would be equal.
void check_kernels(const EmitRequest& request);
// Returns why a header could hold none of the op's kernels, one reason for each kernel. Returns ""
// if it can hold one.
std::string nothing_held(const EmitRequest& request);
// Throws Error if one of the files would replace a file that is not an emitted one, such as the
// source of the kernel.
void check_folder(const std::string& folder, const std::map<std::string, std::string>& files);
// Removes the files of kernels of an earlier header of the op (--split) that are not among `files`.
// They would not compile with the new one.
void remove_earlier_parts(const std::string& folder, const std::string& op,
                          const std::map<std::string, std::string>& files);
// Writes the files, each under a temporary name that is then renamed. Throws Error if the folder
// cannot be written.
void write_files(const std::string& folder, const std::map<std::string, std::string>& files);

}  // namespace tw
