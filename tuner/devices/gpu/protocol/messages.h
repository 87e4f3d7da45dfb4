// The messages between the parent and its workers; each message is one CBOR frame.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/plan/job.h"
#include "core/plan/parts.h"
#include "core/plan/plan.h"

namespace tw::gpu {

// The measuring worker's first frame is the ordinal of a device. If counting_word follows, the
// worker counts and does not time.
inline constexpr std::string_view counting_word = " counts";

// A compile worker's first message.
struct CompilerGreeting {
  std::string error;     // not empty if there is no compiler
  std::string version;   // "13.0"
  std::string identity;  // distinguishes builds of one version: the library's file name and size
};

// What a compile worker is asked for.
struct CompileRequest {
  Program program;
  std::string architecture;          // "sm_90a"
  std::vector<std::string> options;  // in addition to the standard ones
};

// What a compile worker answers.
struct Compiled {
  bool ok = false;
  std::string cubin;
  std::vector<std::string> names;  // lowered names, of the entries and then of the symbols
  std::string log;                 // of the compiler and ptxas; may hold warnings if `ok`
  double ms = 0;
  // Not empty if the machine or the source lacks a header: what, where, and the remedy. No
  // configuration of the program is to blame.
  std::string fault{};
};

// A compiled program and the names of its entries, and then of its symbols, in it.
struct Module {
  std::string cubin;
  std::vector<std::string> names;
};

struct MeasureRequest {
  Job job;
  Module variant;                  // empty for a baseline
  Module oracle;                   // empty if the plan has none
  Module verify;                   // kernels/common/verify.cuh
  Module plain{}, plain_oracle{};  // for Plan::plain; empty if the plan has none
};

// The measuring worker's answers.
struct Greeting {     // answers the worker's first frame
  std::string error;  // not empty if the worker cannot continue
  DeviceInfo info;
  std::vector<std::string> notices;
  bool has_energy = false;  // see Device::has_energy
};
struct MeasureReply {
  // `waiting` means that another process times on the GPU; the job has no time limit until its
  // turn.
  enum class Kind { started, finished, fatal, waiting, turn } kind{};
  Finished finished;
  std::string error;   // fatal: a fault of the machine or of the reference
  std::string notice;  // a message for the user, sent at most once
  bool ends = false;   // with finished: the context is lost, and the worker ends
};

std::string encode(const CompilerGreeting& greeting);
CompilerGreeting decode_compiler_greeting(const std::string& frame);
// `parts` is what the worker has already: sources and compiled modules travel once.
std::string encode(const CompileRequest& request, PartsSent& parts);
CompileRequest decode_compile_request(const std::string& frame, PartsReceived& parts);
// Returns a text that depends on everything in the request.
std::string identity_of(const CompileRequest& request);
std::string encode(const Compiled& compiled);
Compiled decode_compiled(const std::string& frame);

std::string encode(const MeasureRequest& request, PartsSent& parts);
MeasureRequest decode_measure_request(const std::string& frame, PartsReceived& parts);
std::string encode(const Greeting& greeting);
Greeting decode_greeting(const std::string& frame);
std::string encode(const MeasureReply& reply);
MeasureReply decode_measure_reply(const std::string& frame);

}  // namespace tw::gpu
