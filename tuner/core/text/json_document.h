// A user's JSON text that knows where each of its values stands.
#pragma once
#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>

namespace tw {

class JsonDocument {
 public:
  // The treatment of an object that has a key twice. The check for repeated keys takes time.
  enum class Repeated { refused, last_counts };
  // `file` is for messages. Throws Error "file:line:column: ..." if the text is not JSON, or if an
  // object has a key twice and `repeated` is `refused`.
  JsonDocument(std::string text, std::string file, Repeated repeated = Repeated::refused);
  JsonDocument(const JsonDocument&) = delete;
  JsonDocument& operator=(const JsonDocument&) = delete;

  const nlohmann::json& root() const { return root_; }
  const std::string& text() const { return text_; }
  // Returns where `value` begins ("file:3:17"), or only the file if that is not known. `value` must
  // be a part of the root. Lines and columns are counted from 1, columns in characters.
  std::string place_of(const nlohmann::json& value) const;
  // Returns where the key of `value` begins; where `value` begins if it has no key.
  std::string place_of_key(const nlohmann::json& value) const;

 private:
  std::string place_at(std::size_t offset) const;
  template <class Visit>
  void walk(Visit visit) const;

  std::string text_, file_;
  nlohmann::json root_;
};

}  // namespace tw
