// Shared by the tests on a real GPU: one device for all of them, and jobs from specs.
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "core/catalog/catalog.h"
#include "core/space/space.h"
#include "devices/cuda/cuda.h"

namespace tw::test {

// Returns the device, which is opened once; nullptr if there is no GPU, and `why` then says what is
// missing.
Device* gpu(std::string& why);

// Returns a job of one configuration ("behaviour=good"; empty for the default).
Job job_for(const Catalog& catalog, const std::string& op, const std::string& kernel,
            const ProblemText& problem, const std::string& configuration, const Device& device);
// Submit jobs and wait for them. The functions assign the ids.
Measurement run(Device& device, Job job);
std::vector<Measurement> run_all(Device& device, const std::vector<Job>& jobs);

}  // namespace tw::test

#define TW_NEEDS_GPU(device)                  \
  std::string why_no_gpu;                     \
  tw::Device* const device = gpu(why_no_gpu); \
  if (!device) GTEST_SKIP() << why_no_gpu
