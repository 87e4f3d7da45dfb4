// Shared by the tests of captures: what a log's text says, as lines.
#pragma once
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "capture/calls/findings.h"
#include "capture/logs/log_reader.h"
#include "core/catalog/catalog.h"
#include "unit/support/paths.h"

namespace tw::capture {

class CaptureTest : public testing::Test {
 protected:
  static const Catalog& catalog() {
    static const Catalog loaded = Catalog::load(builtin_spaces(), builtin_sources());
    return loaded;
  }
  static Findings read(const std::string& text) {
    Findings findings(catalog());
    std::istringstream log(text);
    LogReader(findings).read(log);
    return findings;
  }
  // Returns a line a problem, as in a list.
  static std::string listed(const std::string& text) {
    std::string lines;
    for (const FoundProblem& found : read(text).problems()) {
      lines += found.problem.line() + " count=" + std::to_string(found.calls) + "\n";
    }
    return lines;
  }
  // Returns "2 cublasSgemv_v2: no op of ours computes it", a line a reason.
  static std::string unread(const std::string& text) {
    std::string lines;
    for (const UnreadCalls& one : read(text).unread()) {
      lines += std::to_string(one.calls) + " " + one.function + ": " + one.why + "\n";
    }
    return lines;
  }
  static std::string data(const std::string& name) {
    std::ifstream file(source_path("tests/data/capture/" + name), std::ios::binary);
    EXPECT_TRUE(file) << name;
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
  }
  // Returns the text up to a word, without the rest.
  static std::string up_to(const std::string& text, const std::string& word) {
    EXPECT_NE(text.find(word), text.npos) << "no '" << word << "'";
    return text.substr(0, text.find(word));
  }
  // Returns the text with every `from` replaced.
  static std::string with(std::string text, const std::string& from, const std::string& to) {
    EXPECT_NE(text.find(from), text.npos) << "no '" << from << "'";
    for (std::size_t at = 0; (at = text.find(from, at)) != text.npos; at += to.size()) {
      text.replace(at, from.size(), to);
    }
    return text;
  }
};

}  // namespace tw::capture
