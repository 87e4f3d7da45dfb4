// Specs from a folder of the user, outside the project.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "core/base/texts.h"
#include "core/catalog/catalog.h"
#include "unit/core/fixture.h"

namespace tw {
namespace {

namespace fs = std::filesystem;
using test::changed;
using test::error_of;

class CatalogFileTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "tilewright_catalog_XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    folder_ = pattern;
    fs::create_directory(folder_ / "mine");
    const std::string op = test::toy_op;
    // No reference and no headers of ours: a stranger's folder.
    write("mine/op.toml", op.substr(0, op.find("[reference]")) + op.substr(op.find("[tolerance]")));
    write("mine/simple.toml", changed(test::toy_kernel, "axpy/simple.cuh", "simple.cuh"));
    write("mine/simple.cuh", changed(test::toy_source, "axpy/op.cuh", "parts/own.cuh"));
    write("mine/parts/own.cuh", "#pragma once\n");
    write("secret.cuh", "secret\n");
  }
  void TearDown() override { fs::remove_all(folder_); }

  void write(const std::string& path, const std::string& text) const {
    fs::create_directories((folder_ / path).parent_path());
    std::ofstream(folder_ / path) << text;
  }
  Catalog load() const {
    return Catalog::load_file((folder_ / "mine/op.toml").string(), test::toy_sources());
  }
  std::string fault() const {
    return error_of([&] { load(); });
  }

  fs::path folder_;
};

TEST_F(CatalogFileTest, LoadsAnOpOfTheUser) {
  const Catalog catalog = load();
  EXPECT_TRUE(catalog.foreign());
  ASSERT_EQ(catalog.ops().size(), 1U);
  const OpEntry& entry = catalog.at("axpy");
  EXPECT_EQ(entry.op.reference_source, "");
  EXPECT_EQ(entry.op.header, "");
  const Texts sources = catalog.sources_of("simple.cuh");
  EXPECT_EQ(sources.count("parts/own.cuh"), 1U);
  EXPECT_EQ(sources.count("common/deep.cuh"), 1U);  // from the builtin sources
}

TEST_F(CatalogFileTest, ItsOwnHeadersComeFirst) {
  write("mine/common/lanes.cuh", "// mine\n");
  EXPECT_EQ(load().sources_of("simple.cuh").at("common/lanes.cuh"), "// mine\n");
}

TEST_F(CatalogFileTest, ErrorsNameTheFileAsTheUserDid) {
  write("mine/simple.toml", changed(test::toy_kernel, "axpy/simple.cuh", "none.cuh"));
  EXPECT_TRUE(fault().starts_with((folder_ / "mine/simple.toml").string() + ":3: ")) << fault();
}

TEST_F(CatalogFileTest, NothingOutsideTheFolderIsRead) {
  const auto with_source = [&](const std::string& source) {
    write("mine/simple.toml", changed(test::toy_kernel, "axpy/simple.cuh", source));
    return fault();
  };
  EXPECT_NE(with_source("../secret.cuh").find("leaves the folder"), std::string::npos);
  EXPECT_NE(with_source((folder_ / "secret.cuh").string()).find("leaves the folder"),
            std::string::npos);
  fs::create_symlink(folder_ / "secret.cuh", folder_ / "mine/link.cuh");
  EXPECT_NE(with_source("link.cuh").find("is a link that leaves the folder"), std::string::npos);
  fs::create_directory_symlink(folder_, folder_ / "mine/up");
  EXPECT_NE(with_source("up/secret.cuh").find("is a link that leaves the folder"),
            std::string::npos);
  write("mine/parts/own.cuh", "#include \"../../secret.cuh\"\n");
  EXPECT_NE(with_source("simple.cuh").find("which leaves the folder"), std::string::npos);
}

TEST_F(CatalogFileTest, NothingIsIncludedByAnotherWord) {
  const auto with = [&](const std::string& line) {
    write("mine/parts/own.cuh", "#pragma once\n" + line + "\n");
    return fault();
  };
  for (const char* line :
       {"#define X \"/etc/passwd\"\n#include X", "#include </etc/passwd>", "%:include X",
        "#inc\\\nlude </etc/passwd>", "#include_next \"x\"", "# /**/ include /**/ X",
        "#include <a/../../b>", "/**/ #include X",
        "auto s = R\"x(\" /* )x\";\n/*/ // */ #include X", "#/*\n*/include X", "#import \"x\"",
        "#embed \"x\"", "#inc\\ \nlude </etc/passwd>", "#include \\\t\f\r\nX"}) {
    EXPECT_NE(with(line).find("parts/own.cuh: '"), std::string::npos) << line;
    EXPECT_NE(with(line).find("cannot be followed"), std::string::npos) << line;
  }
  for (const char* line :
       {"#include <cuda_fp16.h>", "#include \"cuda_runtime.h\"", "// the #include of x",
        "// #include X", " * #include X", "#define include", "#error include X"}) {
    EXPECT_EQ(with(line), "") << line;
  }
}

TEST_F(CatalogFileTest, LinksThatStayInTheFolderAreFollowed) {
  fs::create_symlink("simple.cuh", folder_ / "mine/link.cuh");
  fs::create_directory_symlink("parts", folder_ / "mine/more");
  write("mine/simple.cuh", changed(test::toy_source, "axpy/op.cuh", "more/own.cuh"));
  write("mine/simple.toml", changed(test::toy_kernel, "axpy/simple.cuh", "link.cuh"));
  EXPECT_EQ(load().sources_of("link.cuh").count("more/own.cuh"), 1U);
}

TEST_F(CatalogFileTest, AKernelsFileIsNoLinkOutOfTheFolder) {
  fs::rename(folder_ / "mine/simple.toml", folder_ / "simple.toml");
  fs::create_symlink(folder_ / "simple.toml", folder_ / "mine/simple.toml");
  EXPECT_NE(fault().find("simple.toml: is a link that leaves the folder"), std::string::npos);
  fs::rename(folder_ / "simple.toml", folder_ / "mine/parts/simple.toml");
  fs::remove(folder_ / "mine/simple.toml");
  fs::create_symlink("parts/simple.toml", folder_ / "mine/simple.toml");
  EXPECT_EQ(fault(), "");
}

TEST_F(CatalogFileTest, UnreadablePaths) {
  const auto fault_at = [&](const std::string& path) {
    return error_of([&] { Catalog::load_file((folder_ / path).string(), {}); });
  };
  EXPECT_NE(fault_at("none/op.toml").find("there is no such file"), std::string::npos);
  EXPECT_NE(fault_at("mine").find("which is called op.toml"), std::string::npos);
  fs::create_directories(folder_ / "odd/op.toml");
  EXPECT_NE(fault_at("odd/op.toml").find("not a regular file"), std::string::npos);
  write("alone/op.toml", test::toy_op);
  EXPECT_NE(fault_at("alone/op.toml").find("no kernel's .toml beside it"), std::string::npos);
}

}  // namespace
}  // namespace tw
