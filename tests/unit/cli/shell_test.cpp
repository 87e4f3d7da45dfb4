// Completion as the shells ask for it, and manual pages.
#include <array>
#include <chrono>
#include <set>

#include "commands/commands.h"
#include "unit/cli/fixture.h"

namespace tw {
namespace {

bool is_here(const std::string& program) {
  return std::system(("command -v " + program + " >/dev/null 2>&1").c_str()) == 0;
}

class CliShell : public Cli {
 protected:
  // Returns the answer for a command line without `tune`, whose last word is at the cursor.
  std::vector<std::string> complete(const std::string& words) {
    const Ran ran = tune("__complete -- " + words);
    EXPECT_EQ(ran.code, 0);
    EXPECT_EQ(ran.err, "");
    return lines_of(ran.out);
  }
  // Returns the first word of each line.
  static std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) {
      lines.push_back(line.substr(0, line.find('\t')));
    }
    return lines;
  }
  // Runs a shell's script and returns what it prints.
  std::vector<std::string> output_of(const std::string& shell, const std::string& script) {
    write("driver", script);
    const std::string command =
        "cd '" + folder_.string() + "' && " + shell + " driver >out.txt 2>err.txt";
    EXPECT_EQ(std::system(command.c_str()), 0) << text_of_file(folder_ / "err.txt");
    EXPECT_EQ(text_of_file(folder_ / "err.txt"), "");
    return lines_of(text_of_file(folder_ / "out.txt"));
  }
  // Returns what bash makes of a line with the cursor at its end. Bash gives its functions the
  // words of the line, split at blanks and at = and :.
  std::vector<std::string> in_bash(const std::string& line) {
    write("script", tune("completion bash").out);
    std::vector<std::string> words{""};
    for (const char c : line) {
      const bool breaks = c == '=' || c == ':';
      const bool after_break = words.back() == "=" || words.back() == ":";
      if (c == ' ') {
        words.emplace_back();
      } else if ((breaks && !words.back().empty()) || (after_break && !breaks)) {
        words.emplace_back(1, c);
      } else {
        words.back() += c;
      }
    }
    if (words.back() == "=" || words.back() == ":") words.emplace_back();
    std::string list;
    for (const std::string& word : words) list += " '" + word + "'";
    return output_of("bash", "source ./script\nCOMP_LINE='" + line +
                                 "'\nCOMP_POINT=${#COMP_LINE}\n" + "COMP_WORDS=(" + list +
                                 ")\nCOMP_CWORD=" + std::to_string(words.size() - 1) + "\n_tune '" +
                                 executable_ + "'\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n");
  }
};

using List = std::vector<std::string>;

bool contains(const List& list, const std::string& word) {
  return std::find(list.begin(), list.end(), word) != list.end();
}

TEST_F(CliShell, CompletesCommandsAndOptions) {
  const List commands = complete("''");
  for (const char* word : {"run", "emit", "query", "db", "completion"}) {
    EXPECT_TRUE(contains(commands, word)) << word;
  }
  EXPECT_FALSE(contains(commands, "db info")) << "the second word comes after the first";
  EXPECT_EQ(complete("em"), List{"emit"});
  EXPECT_EQ(complete("db ''"), (List{"info", "check", "vacuum", "prune"}));
  EXPECT_EQ(complete("--sha"), (List{"--shape", "--shapes"}));
  EXPECT_EQ(complete("--op gemm --dt"), List{"--dtype"});
  EXPECT_EQ(complete("--op gemm --op"), List{"--option"}) << "--op is given, --option may repeat";
  EXPECT_EQ(complete("db prune --dr"), List{"--dry-run"});
  EXPECT_EQ(complete("no_such_command --"), List{});
  EXPECT_EQ(complete("--no-such-option x"), List{});
}

TEST_F(CliShell, CompletesTheValuesOfOptions) {
  EXPECT_EQ(complete("--op ge"), List{"gemm"});
  EXPECT_EQ(complete("--op=ge"), List{"--op=gemm"});
  EXPECT_EQ(complete("--op gemm --dtype ''"), (List{"f32", "f16", "bf16"}));
  EXPECT_EQ(complete("--op gemm --dtype f32 --math t"), List{"tf32"});
  EXPECT_EQ(complete("--op gemm --layout ''"), (List{"nn", "nt", "tn", "tt"}));
  EXPECT_EQ(complete("--l2 ''"), (List{"cold", "warm"}));
  EXPECT_EQ(complete("--strategy ra"), List{"random"});
  EXPECT_EQ(complete("--device c"),
            (List{"cuda:0", "cpu", "cpu:80", "cpu:89", "cpu:90", "cpu:120"}));
  EXPECT_EQ(complete("emit --format ''"), (List{"header", "cubin", "defines", "json"}));
  EXPECT_EQ(complete("query --outcome wr"), List{"wrong_result"});
  EXPECT_EQ(complete("--budget ''"), (List{"90s", "2m", "1h", "auto"}));
  EXPECT_EQ(complete("--spec ''"), List{":files"});
  EXPECT_EQ(complete("emit --out ''"), List{":folders"});
  EXPECT_EQ(complete("query ''"), (List{"winners", "trials"}));
  EXPECT_EQ(complete("ops so"), List{"softmax"});
  EXPECT_EQ(complete("db check ''"), List{":files"});
}

TEST_F(CliShell, CompletesKernelsDimsAndEpiloguesOfAnOp) {
  const List kernels = complete("--op gemm --kernel ''");
  EXPECT_TRUE(contains(kernels, "simt") && contains(kernels, ":files"));
  EXPECT_FALSE(contains(kernels, "direct")) << "a kernel of another op";
  EXPECT_EQ(complete("ops gemm --kernel si"), (List{"simt", ":files"}));
  const List dims = complete("--op gemm --shape ''");
  for (const char* dim : {"m=", "n=", "k=", "layout="}) EXPECT_TRUE(contains(dims, dim)) << dim;
  const List rest = complete("--op gemm --shape m=64,n=64,");
  EXPECT_TRUE(contains(rest, "m=64,n=64,k="));
  EXPECT_FALSE(contains(rest, "m=64,n=64,m="));
  EXPECT_EQ(complete("--op gemm --shape m=64,layout=t"),
            (List{"m=64,layout=tn", "m=64,layout=tt"}));
  EXPECT_EQ(complete("--op gemm --epilogue bias,re"),
            (List{"bias,residual", "bias,relu", "bias,relu6"}));
}

TEST_F(CliShell, CompletesWhatTheDatabaseHolds) {
  write_recording_of("gemm f32 m=64,n=64,k=64", "toy.t4.json.gz");
  ASSERT_EQ(tune(std::string(gemm) + " --device replay:toy.t4.json.gz --budget 4 --db my.db").code,
            0);
  EXPECT_EQ(complete("query --db my.db --op ''"), List{"gemm"});
  EXPECT_EQ(complete("query --db my.db --kernel ''"), List{"toy"});
  EXPECT_EQ(complete("query --db=my.db --problem ''"), List{"m=64,n=64,k=64"});
  EXPECT_EQ(complete("query --db my.db --device ''"), List{"Toy"});
  EXPECT_FALSE(fs::exists(folder_ / "my.db-wal")) << "a press of a key leaves no file";
}

TEST_F(CliShell, NeitherMakesADatabaseNorFailsOnABadFile) {
  EXPECT_TRUE(contains(complete("query --op ''"), "conv2d")) << "no database: the ops of the build";
  EXPECT_TRUE(contains(complete("query --db none/none.db --op ''"), "gemm"));
  EXPECT_FALSE(fs::exists(folder_ / "tilewright.db") || fs::exists(folder_ / "none"));
  write("bad.db", std::string(5000, 'x'));
  EXPECT_EQ(complete("query --db bad.db --op ''"), List{});
  write("bad.toml", "[op");
  EXPECT_EQ(complete("--spec bad.toml --shape ''"), List{});
}

// The bound is for people: 50 ms; a sanitizer takes several times as long.
TEST_F(CliShell, AnswersFast) {
  double least_ms = 1e9;
  for (int i = 0; i < 5; ++i) {
    const auto begin = std::chrono::steady_clock::now();
    complete("--op conv2d --shape n=1,");
    const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
    least_ms = std::min(least_ms, took.count());
  }
#if defined(__SANITIZE_ADDRESS__) || !defined(NDEBUG)
  EXPECT_LT(least_ms, 1000);
#else
  EXPECT_LT(least_ms, 50);
#endif
}

// If an option's argument is a list of words, or one of the names that completion knows, there are
// words to offer: a new option cannot be forgotten.
TEST_F(CliShell, EveryClosedSetOfAnyCommandHasWords) {
  for (const Command& command : commands()) {
    for (const Flag& flag : command.specification().flags) {
      const bool is_set = flag.argument.find('|') != std::string::npos || flag.argument == "OP" ||
                          flag.argument == "SOURCE" || flag.argument == "OUTCOME";
      if (!is_set) continue;
      EXPECT_NE(complete(std::string(command.name) + " --" + flag.name + " ''"), List{})
          << command.name << " --" << flag.name;
    }
  }
}

TEST_F(CliShell, BashCompletes) {
  write("saxpy.cu", "");
  EXPECT_EQ(in_bash("tune em"), List{"emit"});
  EXPECT_EQ(in_bash("tune --op ge"), List{"gemm"});
  EXPECT_EQ(in_bash("tune --op=ge"), List{"gemm"}) << "bash replaces what follows the =";
  EXPECT_EQ(in_bash("tune --op gemm --shape m=64,layout=t"), (List{"tn", "tt"}));
  EXPECT_EQ(in_bash("tune --op gemm --shape m=64,lay"), List{"64,layout="});
  EXPECT_EQ(in_bash("tune --op gemm --shape m=64 --dtype b"), List{"bf16"});
  EXPECT_EQ(in_bash("tune --op gemm --shape m= --dty"), List{"--dtype"}) << "a blank ends m=";
  EXPECT_EQ(in_bash("tune --device cpu:8"), (List{"80", "89"}));
  EXPECT_EQ(in_bash("tune --kernel sax"), List{"saxpy.cu"});
  EXPECT_EQ(in_bash("tune --device replay:sax"), List{"saxpy.cu"});
}

TEST_F(CliShell, ZshCompletes) {
  if (!is_here("zsh")) GTEST_SKIP() << "no zsh here";
  write("script", tune("completion zsh").out);
  // The widgets of zsh need a terminal, so the two functions that take the words print them.
  const auto in_zsh = [&](const std::string& words, int current, const std::string& prefix) {
    return output_of("zsh -f",
                     "compdef() { : }\n_files() { print :files }\ncompset() { : }\n"
                     "compadd() { local name=$@[-1]; print -l -- ${(P)name} }\n"
                     "source ./script\nwords=('" +
                         executable_ + "' " + words + ")\nCURRENT=" + std::to_string(current) +
                         "\nPREFIX='" + prefix + "'\n_tune\n");
  };
  EXPECT_EQ(in_zsh("em", 2, "em"), List{"emit"});
  EXPECT_EQ(in_zsh("--op gemm --shape m=64,lay", 5, "m=64,lay"), List{"m=64,layout="});
  EXPECT_EQ(in_zsh("--spec x", 3, ""), List{":files"});
}

TEST_F(CliShell, FishCompletes) {
  if (!is_here("fish")) GTEST_SKIP() << "no fish here";
  write("script", tune("completion fish").out);
  fs::create_directory(folder_ / "bin");
  fs::create_symlink(executable_, folder_ / "bin/tune");
  const auto in_fish = [&](const std::string& line) {
    return output_of("XDG_CONFIG_HOME=. XDG_DATA_HOME=. fish",
                     "set -x PATH " + (folder_ / "bin").string() + " $PATH\nsource ./script\n" +
                         "complete -C '" + line + "'\n");
  };
  EXPECT_EQ(in_fish("tune em"), List{"emit"});
  EXPECT_EQ(in_fish("tune --op gemm --shape m=64,lay"), List{"m=64,layout="});
  EXPECT_EQ(in_fish("tune db c"), List{"check"});
}

TEST_F(CliShell, AnUnknownShellIsAFault) {
  expect_fault("completion", {"name the shell: bash, zsh or fish"});
  expect_fault("completion bsh", {"one of bash, zsh, fish; did you mean 'bash'?"});
}

TEST_F(CliShell, EachCommandHasAManualPageWithAllOfItsOptions) {
  ASSERT_EQ(tune("__share share").code, 0);
  const std::string program = text_of_file(folder_ / "share/man/man1/tune.1");
  for (const Command& command : commands()) {
    std::string name = "tune-" + std::string(command.name);
    std::replace(name.begin(), name.end(), ' ', '-');
    const std::string page = text_of_file(folder_ / "share/man/man1" / (name + ".1"));
    EXPECT_TRUE(page.starts_with(".TH TUNE")) << name;
    std::size_t at = 0;  // the sections stand in the usual order
    for (const char* section :
         {"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXAMPLES", "EXIT STATUS", "SEE ALSO"}) {
      at = page.find(std::string("\n.SH ") + section + "\n", at);
      ASSERT_NE(at, std::string::npos) << name << ": " << section;
    }
    for (const Flag& flag : command.specification().flags) {
      std::string option = "\\fB\\-\\-" + flag.name;
      for (std::size_t i = 8; i < option.size(); ++i) {
        if (option[i] == '-') option.insert(i++, "\\");
      }
      EXPECT_NE(page.find(option + "\\fR"), std::string::npos) << name << ": " << option;
    }
    EXPECT_NE(program.find(std::string("\\fB") + std::string(command.name) + "\\fR\n"),
              std::string::npos);
  }
}

TEST_F(CliShell, ManualPagesAreSoundRoff) {
  if (!is_here("mandoc")) GTEST_SKIP() << "no mandoc here";
  ASSERT_EQ(tune("__share share").code, 0);
  const std::string command = "cd '" + folder_.string() +
                              "' && mandoc -Tlint -Wwarning share/man/man1/*.1 | grep -v 'missing "
                              "date' >out.txt; true";
  EXPECT_EQ(std::system(command.c_str()), 0);
  EXPECT_EQ(text_of_file(folder_ / "out.txt"), "");
}

}  // namespace
}  // namespace tw
