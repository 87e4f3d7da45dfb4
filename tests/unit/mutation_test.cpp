// The cpu device must notice what the conformance tests are there for: each test breaks the GEMM
// kernel in one place and expects a failing outcome, where the unbroken kernel passes.
#include <gtest/gtest.h>

#include <chrono>
#include <iterator>
#include <regex>
#include <string>
#include <vector>

#include "cpu.h"
#include "error.h"
#include "plan.h"
#include "sanitizer.h"
#include "space.h"

namespace tw {
namespace {

constexpr const char* kernel_source = "gemm/simt.cuh";

// One place in the kernel's sources: the n-th match (from 0) of a pattern in a file.
struct Place {
  std::string path;
  std::string pattern;
  std::ptrdiff_t n;
};

// All matches of a regular expression in the files of the kernel's own.
std::vector<Place> places_of(const std::string& pattern) {
  std::vector<Place> places;
  const std::regex expression(pattern);
  for (const auto& [path, text] : builtin_sources()) {
    if (!path.starts_with("gemm/simt")) continue;
    const auto count = std::distance(std::sregex_iterator(text.begin(), text.end(), expression), {});
    for (std::ptrdiff_t n = 0; n < count; ++n) places.push_back({path, pattern, n});
  }
  return places;
}

Texts mutated(const Place& place, const std::string& replacement) {
  Texts sources = builtin_sources();
  std::string& text = sources.at(place.path);
  const std::regex expression(place.pattern);
  auto match = std::sregex_iterator(text.begin(), text.end(), expression);
  std::advance(match, place.n);
  const auto at = static_cast<std::size_t>(match->position());
  text.replace(at, static_cast<std::size_t>(match->length()), match->format(replacement));
  return sources;
}

class MutationTest : public testing::Test {
 protected:
  // Runs the kernel of `sources` on problems that exercise every part of it, until one does not
  // pass; returns the last outcome.
  Measurement run(const Texts& sources) {
    const Catalog catalog = Catalog::load(builtin_spaces(), sources);
    const KernelSpec& kernel = simt(catalog);
    for (const char* shape : {"m=131,n=137,k=150,layout=nt", "m=61,n=63,k=140,layout=tn,beta=1",
                              "m=132,n=136,k=152,layout=nn"}) {
      for (const std::int64_t split : {1, 2}) {
        device_->submit(job(catalog, kernel, shape, split));
      }
      Measurement failed;
      for (int answered = 0; answered < 2;) {
        for (const Finished& finished : device_->wait(deadline_)) {
          ++answered;
          if (finished.measurement.outcome != Outcome::ok) failed = finished.measurement;
        }
        if (std::chrono::steady_clock::now() > deadline_) throw Error("no answer");
      }
      if (failed.outcome != Outcome::ok) return failed;
    }
    return {};
  }

  // Breaks each place that matches, one at a time; `spared` of them may be harmless.
  void expect_caught(const std::string& pattern, const std::string& replacement, int spared = 0) {
    const std::vector<Place> places = places_of(pattern);
    EXPECT_FALSE(places.empty()) << pattern;
    std::string missed;
    for (const Place& place : places) {
      const Measurement measurement = run(mutated(place, replacement));
      if (measurement.outcome == Outcome::wrong_result || measurement.outcome == Outcome::faulted) {
        continue;
      }
      missed += place.path + ": match " + std::to_string(place.n) + ": " +
                std::string(name_of(measurement.outcome)) + " " + measurement.note + "\n";
      --spared;
    }
    EXPECT_GE(spared, 0) << pattern << " was replaced without effect in\n" << missed;
  }

 private:
  static const KernelSpec& simt(const Catalog& catalog) {
    for (const KernelSpec& kernel : catalog.at("gemm").kernels) {
      if (kernel.source == kernel_source) return kernel;
    }
    throw Error("no kernel of gemm/simt.cuh");
  }

  Job job(const Catalog& catalog, const KernelSpec& kernel, const char* shape,
          std::int64_t split) {
    const OpSpec& op = catalog.at("gemm").op;
    ProblemText text;
    text.shape = shape;
    const Problem problem = parse_problem(op, text);
    const auto space =
        SearchSpace::enumerate(kernel, slots_of(op, kernel.names, problem, device_->info()));
    LoweredPlan lowered = lower(catalog, kernel, problem, device_->info(), pick(space, split));
    if (!lowered.invalid.empty()) throw Error(lowered.invalid);
    Job result;
    result.limits.timeout_ms = 60000;
    result.purpose = Purpose::verify;
    result.plan = std::move(lowered.plan);
    return result;
  }

  // The default configuration but for split_k.
  static Configuration pick(const SearchSpace& space, std::int64_t split) {
    Configuration wanted = space[space.default_index()];
    for (std::size_t i = 0; i < wanted.size(); ++i) {
      if (space.knobs()[i].name == "split_k") wanted[i] = split;
    }
    if (!space.find(wanted)) throw Error("no such configuration: " + text_of(space.knobs(), wanted));
    return wanted;
  }

  std::unique_ptr<Device> device_ = open_cpu();
  std::chrono::steady_clock::time_point deadline_ =
      std::chrono::steady_clock::now() + std::chrono::seconds(280);
};

TEST_F(MutationTest, UnbrokenKernelPasses) {
  const Measurement measurement = run(builtin_sources());
  EXPECT_EQ(measurement.outcome, Outcome::ok) << measurement.note;
}

// One barrier orders the writes of a block before those of the next in gather_slices: blocks that run
// one after the other do not miss it.
TEST_F(MutationTest, MissingBarrier) { expect_caught(R"(__syncthreads\(\);)", "", 1); }

TEST_F(MutationTest, MissingCopyWait) { expect_caught(R"(cp_async_wait<[^;]*>\(\);)", ""); }

TEST_F(MutationTest, WaitForOneCopyTooFew) {
  expect_caught(R"(cp_async_wait<([^;]*)>\(\);)", "cp_async_wait<$1 + 1>();");
}

TEST_F(MutationTest, MissingBoundCheck) {
  expect_caught(R"(row < m\b)", "true");
  // Of two, one guards a read whose value is dropped: it takes AddressSanitizer to see it.
  expect_caught(R"(j < n - column)", "true", cpu::has_asan ? 0 : 1);
}

TEST_F(MutationTest, WidenedSharedMemoryIndex) {
  expect_caught(R"(dynamic_shared<T>\(\))", "($& + 32)");
  expect_caught(R"(T\* const to = to_ \+ stage)", "$& + 4");
}

}  // namespace
}  // namespace tw
