#include "report/page.h"

#include <fmt/format.h>

#include <array>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "core/base/error.h"
#include "ui/json_text.h"

namespace tw {
namespace {

using nlohmann::ordered_json;

// The page's own scripts, in the order in which they run.
constexpr std::array own_scripts{
    "format.js",           "data.js",        "dom.js",        "verdict.js",
    "problems.js",         "convergence.js", "trials.js",     "parallel.js",
    "parallel_filters.js", "knobs.js",       "race.js",       "roofline.js",
    "compare.js",          "regret.js",      "provenance.js", "report.js"};

const std::string& file(const std::string& name) {
  const auto found = page_files().find(name);
  if (found == page_files().end()) throw Error(fmt::format("the page's {} is not built in", name));
  return found->second;
}

std::string replaced(std::string_view text, std::string_view characters,
                     const std::string& (*by)(char)) {
  std::string result;
  for (const char c : text) {
    if (characters.find(c) == std::string_view::npos) {
      result += c;
    } else {
      result += by(c);
    }
  }
  return result;
}

const std::string& entity(char c) {
  static const std::map<char, std::string> entities{
      {'<', "&lt;"}, {'>', "&gt;"}, {'&', "&amp;"}, {'"', "&quot;"}, {'\'', "&#39;"}};
  return entities.at(c);
}

const std::string& json_escape(char c) {
  static const std::map<char, std::string> escapes{
      {'<', "\\u003c"}, {'>', "\\u003e"}, {'&', "\\u0026"}};
  return escapes.at(c);
}

std::string row(std::initializer_list<std::string> cells) {
  std::string text = "<tr>";
  for (const std::string& cell : cells) text += "<td>" + escaped_html(cell) + "</td>";
  return text + "</tr>\n";
}

// The table of winners for readers without JavaScript.
std::string winners_table(const ordered_json& document) {
  std::string text =
      "<table><caption>Winners</caption>\n<thead><tr><th>problem</th><th>device</th>"
      "<th>source</th><th>kernel</th><th>median</th><th>x baseline</th><th>tied</th>"
      "<th>configuration</th></tr></thead>\n<tbody>\n";
  for (const ordered_json& problem : document.at("problems")) {
    const ordered_json& verdict = problem.at("verdict");
    if (verdict.is_null()) {
      text += row({problem.at("problem"), problem.at("device"), problem.at("source"),
                   "no configuration worked", "", "", "", ""});
      continue;
    }
    const ordered_json& speedup = verdict.at("speedup");
    text += row({problem.at("problem"), problem.at("device"), problem.at("source"),
                 verdict.at("kernel"), verdict.at("median"),
                 speedup.is_null() ? ""
                                   : fmt::format("{:.2f} {}", speedup.get<double>(),
                                                 verdict.at("baseline").get<std::string>()),
                 verdict.at("tied").empty() ? "" : std::to_string(verdict.at("tied").size()),
                 verdict.at("configuration")});
  }
  return text + "</tbody></table>";
}

std::string scripts() {
  std::string text;
  for (const char* library : {"d3.min.js", "plot.umd.min.js"}) {
    text += "<script>" + file(std::string("lib/") + library) + "</script>\n";
  }
  text += "<script>\n\"use strict\";\n";
  for (const char* name : own_scripts) text += file(name);
  return text + "</script>";
}

// Replaces each {{name}} of the template once. What is put in is not searched again.
std::string filled(std::string_view page, const std::map<std::string_view, std::string>& parts) {
  std::string text;
  for (;;) {
    const std::size_t open = page.find("{{");
    text += page.substr(0, open);
    if (open == std::string_view::npos) return text;
    const std::size_t close = page.find("}}", open);
    text += parts.at(page.substr(open + 2, close - open - 2));
    page.remove_prefix(close + 2);
  }
}

}  // namespace

std::string escaped_html(std::string_view text) { return replaced(text, "<>&\"'", entity); }

std::string escaped_json(const ordered_json& document) {
  return replaced(json_text(document, -1), "<>&", json_escape);
}

std::string report_page(const ordered_json& document) {
  return filled(
      file("report.html"),
      {{"style", file("report.css")},
       {"data", escaped_json(document)},
       {"winners", winners_table(document)},
       {"licences", escaped_html(file("lib/LICENSE.d3") + "\n" + file("lib/LICENSE.plot"))},
       {"scripts", scripts()}});
}

}  // namespace tw
