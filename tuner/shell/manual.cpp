#include "shell/manual.h"

#include <fmt/format.h>

#include <algorithm>

namespace tw {
namespace {

// Returns text that roff prints as it is. A line must not begin with a dot or an apostrophe, which
// are roff's commands; hyphens and quotes are those that a user types.
std::string escaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    const bool begins_line = i == 0 || text[i - 1] == '\n';
    if (begins_line && (c == '.' || c == '\'')) out += "\\&";
    switch (c) {
      case '\\':
        out += "\\e";
        break;
      case '-':
        out += "\\-";
        break;
      case '`':
        out += "\\(ga";
        break;
      case '\'':
        out += begins_line ? "'" : "\\(aq";
        break;
      case '^':
        out += "\\(ha";
        break;
      case '~':
        out += "\\(ti";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string head(const std::string& name, std::string_view summary, std::string_view version) {
  std::string upper = name;
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  std::string line(summary);
  if (line.ends_with('.')) line.pop_back();
  // No date, so that equal sources make equal pages.
  return fmt::format(".TH {} 1 \"\" \"Tilewright {}\" \"Tilewright\"\n.SH NAME\n{} \\- {}\n",
                     escaped(upper), version, escaped(name), escaped(line));
}

// Lines that keep their breaks and blanks.
std::string verbatim(std::string_view text) { return ".nf\n" + escaped(text) + "\n.fi\n"; }

// Returns the usage with its lines flush left: the later lines of a usage are indented.
std::string flush_left(const std::string& usage) {
  std::string out;
  for (std::size_t begin = 0; begin <= usage.size();) {
    const std::size_t end = std::min(usage.find('\n', begin), usage.size());
    const std::string line = usage.substr(begin, end - begin);
    const std::size_t text = std::min(line.find_first_not_of(' '), line.size());
    out += (out.empty() ? "" : "\n") + line.substr(text);
    begin = end + 1;
  }
  return out;
}

std::string options_of(const CommandSpec& command) {
  std::string text = ".SH OPTIONS\n";
  for (const Flag& flag : command.flags) {
    const std::string argument =
        flag.argument.empty() ? "" : fmt::format(" \\fI{}\\fR", escaped(flag.argument));
    text += fmt::format(".TP\n\\fB\\-\\-{}\\fR{}\n{}{}\n", escaped(flag.name), argument,
                        escaped(flag.doc), flag.repeats ? ". It may be given several times." : "");
  }
  return text + ".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\nshow this help\n";
}

std::string examples_of(const CommandSpec& command) {
  std::string text;
  for (const std::string& example : command.examples) {
    text += (text.empty() ? ".SH EXAMPLES\n" : ".PP\n") + verbatim(example);
  }
  return text;
}

constexpr std::string_view exit_status =
    ".SH EXIT STATUS\n.TP\n0\ndone\n.TP\n1\nnothing found\n.TP\n2\na fault of the input or the "
    "machine\n";

}  // namespace

std::string manual_name(const CommandSpec& command) {
  std::string name = "tune-" + command.name;
  std::replace(name.begin(), name.end(), ' ', '-');
  return command.name.empty() ? "tune" : name;
}

std::string manual_page(const CommandSpec& command, std::string_view version) {
  std::string text = head(manual_name(command), command.summary, version);
  text += ".SH SYNOPSIS\n" + verbatim(flush_left(command.usage));
  text += fmt::format(".SH DESCRIPTION\n{}\n", escaped(command.summary));
  if (!command.positional.empty()) text += fmt::format(".PP\n{}\n", escaped(command.positional));
  text += options_of(command);
  text += examples_of(command);
  text += exit_status;
  return text + ".SH SEE ALSO\n.BR tune (1)\n";
}

std::string manual_page(const CommandSpec& program, std::span<const CommandSpec> commands,
                        std::string_view version) {
  std::string text = head("tune", program.summary, version);
  text += ".SH SYNOPSIS\n" + verbatim(flush_left(program.usage));
  text += fmt::format(".SH DESCRIPTION\n{}\n.SH COMMANDS\n", escaped(program.summary));
  std::string pages;
  for (const CommandSpec& command : commands) {
    text += fmt::format(".TP\n\\fB{}\\fR\n{}\n", escaped(command.name), escaped(command.summary));
    pages += fmt::format("{}.BR {} (1)", pages.empty() ? "" : ",\n", escaped(manual_name(command)));
  }
  text += options_of(program);
  text += examples_of(program);
  text += exit_status;
  return text + ".SH SEE ALSO\n" + pages + "\n";
}

}  // namespace tw
