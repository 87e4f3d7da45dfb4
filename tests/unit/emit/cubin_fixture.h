// Winners for --format cubin: of two GPUs, and a compiler that only writes down what it is asked.
#pragma once
#include <string>
#include <vector>

#include "emit/cubin.h"
#include "unit/emit/matrix.h"
#include "unit/support/paths.h"

namespace tw::emit_cubin_fixture {

// The cubin holds the architecture, the macros and the options; names get "of_" in front.
inline std::vector<GpuCode> compile(const std::vector<GpuProgram>& programs) {
  std::vector<GpuCode> codes;
  for (const GpuProgram& one : programs) {
    GpuCode& code = codes.emplace_back();
    code.cubin = one.architecture;
    for (const std::string& text : one.program.defines) code.cubin += " " + text;
    for (const std::string& text : one.program.options) code.cubin += " " + text;
    code.cubin += '\0';
    for (const std::string& name : one.program.entries) code.names.push_back("of_" + name);
    for (const std::string& name : one.program.symbols) code.names.push_back("of_" + name);
  }
  return codes;
}

// Moves the winners to another GPU.
inline EmitRequest on(EmitRequest request, int cc, const std::string& model) {
  DeviceInfo device = emulated_device(cc);
  for (Winner& winner : request.winners) {
    winner.trial.context.situation.device_model = model;
    winner.trial.context.situation.device_limits = device_limits_of(device);
  }
  return request;
}

inline const Catalog& given() {
  static const Catalog catalog = Catalog::load_file(test_data("given/op.toml"), builtin_sources());
  return catalog;
}

// One GPU has winners of both kernels, the other one of the kernel `any`.
inline std::vector<EmitRequest> smooth() {
  EmitRequest first = emit_matrix::request_for(given(), "smooth");
  first.winners = {emit_matrix::winner(given(), "smooth f32 n=1000", "fixed"),
                   emit_matrix::winner(given(), "smooth f32 n=2000", "any")};
  EmitRequest second = emit_matrix::request_for(given(), "smooth");
  second.winners = {emit_matrix::winner(given(), "smooth f32 n=3000", "any")};
  second.winners[0].trial.configuration = "BLOCK=64 SUM=double";
  return {on(second, 80, "NVIDIA A100"), on(first, 90, "NVIDIA H200")};
}

inline const Catalog& numbers_catalog() {
  static const Catalog catalog = Catalog::load_file(test_data("cubin/op.toml"), builtin_sources());
  return catalog;
}

inline std::vector<EmitRequest> numbers() {
  EmitRequest request = emit_matrix::request_for(numbers_catalog(), "numbers");
  request.winners = {emit_matrix::winner(numbers_catalog(), "numbers f32 n=4096", "numbers")};
  request.name_space = "my::kernels";
  return {on(request, 90, emit_fixture::hostile)};
}

// A shipped op: its default that needs a workspace is left out.
inline std::vector<EmitRequest> softmax() {
  static const Catalog catalog = emit_matrix::with_kernels("softmax", {"registers", "split"});
  EmitRequest request = emit_matrix::request_for(catalog, "softmax");
  request.winners = {
      emit_matrix::winner(catalog, "softmax f32 rows=64,columns=4096", "registers"),
      emit_matrix::winner(catalog, "softmax bf16 rows=64,columns=4096", "registers")};
  return {on(request, 90, "NVIDIA H200")};
}

}  // namespace tw::emit_cubin_fixture
