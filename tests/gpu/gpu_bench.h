// What the tests on a real GPU share: one device for all of them, and jobs from specs.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/catalog/catalog.h"
#include "core/space/space.h"
#include "devices/cuda/cuda.h"

namespace tw::test {

// nullptr where there is no GPU; `why` then says what is missing. Opened once.
Device* gpu(std::string& why);

// A job of one configuration ("behaviour=good"; empty: the default one).
Job job_for(const Catalog& catalog, const std::string& op, const std::string& kernel,
            const ProblemText& problem, const std::string& configuration, const Device& device);
// Submits and waits. The ids are the calls' own.
Measurement run(Device& device, Job job);
std::vector<Measurement> run_all(Device& device, const std::vector<Job>& jobs);

// tests/data of the source tree, or of the current folder where the tree is elsewhere.
std::string test_data();

}  // namespace tw::test

#define TW_NEEDS_GPU(device)                  \
  std::string why_no_gpu;                     \
  tw::Device* const device = gpu(why_no_gpu); \
  if (!device) GTEST_SKIP() << why_no_gpu
