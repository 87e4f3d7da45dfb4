#include "core/text/json_document.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>
#include <vector>

#include "core/base/error.h"

namespace tw {
namespace {

using nlohmann::json;

struct Member {
  const json* value;  // null if a later, equal key hides it
  std::size_t key;    // where its key begins; where the value begins if it has no key
  std::size_t begin;  // where the value begins
};

// Walks a text and the document that was parsed from it in step. Does not use recursion, because
// the text of a stranger may nest without end.
class Walk {
 public:
  Walk(const std::string& text, const json& root) : text_(text), root_(root) {}

  // Calls visit(Member) for each value, in the order of the text, and repeated(offset, key) for a
  // key that its object already has.
  template <class Visit, class Repeated>
  void run(Visit visit, Repeated repeated) {
    if (text_.starts_with("\xEF\xBB\xBF")) at_ = 3;  // a byte-order mark
    for (skip(); at_ < text_.size(); skip()) {
      const char c = text_[at_];
      if (c == '}' || c == ']') {
        open_.pop_back();
        ++at_;
      } else if (c == '"' && !open_.empty() && open_.back().is_object && !has_key_) {
        read_key(repeated);
      } else {
        visit(take_value());
      }
    }
  }

 private:
  struct Container {
    const json* value;  // null if it is hidden
    bool is_object;
    std::size_t index = 0;  // of the next element of an array
    std::set<std::string> keys{};
  };

  void skip() {
    constexpr std::string_view between = " \t\r\n,:";
    while (at_ < text_.size() && between.find(text_[at_]) != between.npos) ++at_;
  }

  std::size_t end_of_string(std::size_t at) const {
    for (++at; at < text_.size() && text_[at] != '"'; ++at) at += text_[at] == '\\' ? 1 : 0;
    return at + 1;
  }

  template <class Repeated>
  void read_key(Repeated repeated) {
    const std::size_t end = end_of_string(at_);
    key_ = json::parse(text_.substr(at_, end - at_)).get<std::string>();
    key_begin_ = at_;
    has_key_ = true;
    if (!open_.back().keys.insert(key_).second) repeated(at_, key_);
    at_ = end;
  }

  // Returns the next value of the container; null if the document has another value in its place.
  const json* next_of(Container& container) const {
    const json* in = container.value;
    if (!in || in->is_object() != container.is_object || !in->is_structured()) return nullptr;
    if (container.is_object) {
      const auto found = in->find(key_);
      return found == in->end() ? nullptr : &*found;
    }
    const std::size_t index = container.index++;
    return index < in->size() ? &(*in)[index] : nullptr;
  }

  Member take_value() {
    const json* const value = open_.empty() ? &root_ : next_of(open_.back());
    const Member member{value, has_key_ ? key_begin_ : at_, at_};
    has_key_ = false;
    if (text_[at_] == '{' || text_[at_] == '[') {
      open_.push_back({value, text_[at_] == '{'});
      ++at_;
    } else if (text_[at_] == '"') {
      at_ = end_of_string(at_);
    } else {
      at_ = std::min(text_.find_first_of(" \t\r\n,:]}", at_), text_.size());
    }
    return member;
  }

  const std::string& text_;
  const json& root_;
  std::size_t at_ = 0;
  std::vector<Container> open_;
  bool has_key_ = false;
  std::string key_;
  std::size_t key_begin_ = 0;
};

// Returns the message of the error, such as "syntax error while parsing value - unexpected end of
// input; expected ...", without the parts that name the library.
std::string complaint(const json::parse_error& error) {
  std::string said = error.what();
  const std::size_t dash = said.find(" - ");
  if (dash != said.npos) said.erase(0, dash + 3);
  for (char& c : said) {
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  }
  return said;
}

// Finds the byte at which a text stops being JSON or holds a number that is too large.
class Fault : public nlohmann::detail::json_sax_acceptor<json> {
 public:
  std::size_t bytes = 0;  // read before the fault
  bool parse_error(std::size_t position, const std::string&, const json::exception&) {
    bytes = position;
    return false;
  }
};

std::size_t fault_of(const std::string& text) {
  Fault fault;
  json::sax_parse(text, &fault);
  return std::max<std::size_t>(fault.bytes, 1) - 1;
}

}  // namespace

JsonDocument::JsonDocument(std::string text, std::string file, Repeated repeated)
    : text_(std::move(text)), file_(std::move(file)) {
  try {
    root_ = json::parse(text_);
  } catch (const json::parse_error& error) {
    throw Error(
        fmt::format("{}: this is not JSON: {}", place_at(fault_of(text_)), complaint(error)));
  } catch (const json::exception&) {
    throw Error(fmt::format("{}: this number is too large", place_at(fault_of(text_))));
  }
  // The parser takes a byte 0 for the end of the text, so what follows it was not looked at.
  if (const std::size_t zero = text_.find('\0'); zero != text_.npos) {
    throw Error(fmt::format("{}: this is not JSON: a byte 0", place_at(zero)));
  }
  if (repeated == Repeated::last_counts) return;
  Walk(text_, root_)
      .run([](const Member&) {},
           [&](std::size_t at, const std::string& key) {
             throw Error(
                 fmt::format("{}: the key \"{}\" is there twice: remove one", place_at(at), key));
           });
}

std::string JsonDocument::place_at(std::size_t offset) const {
  const std::string_view before = std::string_view(text_).substr(0, offset);
  const auto line = std::count(before.begin(), before.end(), '\n') + 1;
  const std::string_view last = before.substr(before.rfind('\n') + 1);  // npos + 1 is 0
  const auto column = std::count_if(last.begin(), last.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xc0) != 0x80;  // not a later byte of a character
  });
  return fmt::format("{}:{}:{}", file_, line, column + 1);
}

template <class Visit>
void JsonDocument::walk(Visit visit) const {
  Walk(text_, root_).run(visit, [](std::size_t, const std::string&) {});
}

std::string JsonDocument::place_of(const json& value) const {
  std::string place = file_;
  walk([&](const Member& member) {
    if (member.value == &value) place = place_at(member.begin);
  });
  return place;
}

std::string JsonDocument::place_of_key(const json& value) const {
  std::string place = file_;
  walk([&](const Member& member) {
    if (member.value == &value) place = place_at(member.key);
  });
  return place;
}

}  // namespace tw
