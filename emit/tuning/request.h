// A request for a header: its winners, the catalog that knows their kernels, and the user's
// options.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "core/catalog/catalog.h"
#include "core/problem/problem.h"
#include "db/store.h"

namespace tw {

// A default configuration that a check found wrong on a problem like this one.
struct Rejected {
  std::string kernel, configuration;
  Problem problem;
};

// A problem whose fastest configuration the header does not hold.
struct Slower {
  double slowdown = 1;  // the time of the configuration that it holds, divided by the fastest time
  std::string fastest;  // "kernel: configuration"
};

// The input of emit().
struct EmitRequest {
  const Catalog* catalog = nullptr;
  std::string op;
  // The winners of one op on one device. If empty, the header has only default configurations.
  std::vector<Winner> winners;
  std::string generator;    // "tilewright 0.1.0 (abc123)"
  std::string source_note;  // for the header if the rows are not `measured`; else empty
  // The public functions are in <name_space>::<op>. It may have several parts ("my::kernels").
  std::string name_space = "tuned";
  // Also holds the default configurations of all kernels, for every value of the choices. So does a
  // header without winners.
  bool defaults = false;
  bool split = false;  // Each kernel has a .cu file of its own.
  // If fewer configurations than the winners were chosen: the problems that lose by this, and the
  // line that says so.
  std::map<std::string, Slower> slower{};
  std::string portfolio{};
  // For each winner's problem the slowdowns of configurations against the fastest one, as far as
  // they were measured there: by the problem's key, then by "kernel: configuration".
  std::map<std::string, std::map<std::string, double>> slowdowns{};
  DeviceInfo device{};               // the winners' device with its rates, as far as they are known
  std::vector<Rejected> rejected{};  // not used for their storage, math, chain and choices
  std::string checked_on{};          // the device of the check; empty if nothing was checked
  // The number of shapes with which the check ran each part of the header. The key is the problem
  // of a winner, or the name of a default (EmitSample::subject).
  std::map<std::string, int> checked{};
  Objective objective = Objective::time;  // by which the winners won
};

}  // namespace tw
