// A folder for a T1 file and its sources.
#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "core/base/error.h"
#include "core/catalog/catalog.h"

namespace tw {

class T1Files : public testing::Test {
 protected:
  void SetUp() override {
    // Tests of other processes run at the same time.
    std::string name = (std::filesystem::path(testing::TempDir()) / "t1_files_XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder_ / name) << text;
  }
  // Loads the text as the T1 file x.json.
  Catalog load(const std::string& text) const {
    write("x.json", text);
    return Catalog::load_file((folder_ / "x.json").string(), builtin_sources());
  }
  // Returns the fault of the file, without the folder; empty if there is none.
  std::string fault_of(const std::string& text) const {
    try {
      load(text);
    } catch (const Error& error) {
      return std::string(error.what()).substr(folder_.string().size() + 1);
    }
    return "";
  }

  std::filesystem::path folder_;
};

}  // namespace tw
