// Parts are texts that many messages to one worker need: sources, the plans of problems, compiled
// modules. A part travels once. Messages name it by its digest, and the first message that names a
// part carries it.
#pragma once
#include <cstddef>
#include <map>
#include <memory>
#include <nlohmann/json_fwd.hpp>
#include <set>
#include <string>
#include <typeindex>
#include <utility>

namespace tw {

// The sender's side: what one worker has been sent. A new worker needs a new object.
class PartsSent {
 public:
  // The worker forgets all parts when it has been sent this many bytes, and gets them anew.
  explicit PartsSent(std::size_t most_bytes = std::size_t{64} << 20) : most_bytes_(most_bytes) {}

  // Returns the name of a part, its digest. The next message carries the part unless the worker has
  // it.
  std::string name(const std::string& bytes);
  // Does the same for the bytes of an object, which encode() returns. An object is encoded once.
  template <class T, class Encode>
  std::string name(const std::shared_ptr<const T>& object, const Encode& encode) {
    if (const auto known = objects_.find(object); known != objects_.end()) return known->second;
    std::string digest = name(encode());
    objects_.emplace(object, digest);
    return digest;
  }
  // Adds the parts that the message must carry. Called once for each message, after the last
  // name().
  void complete(nlohmann::json& message);

 private:
  std::size_t most_bytes_;
  std::set<std::string> known_;                                 // names of parts that were sent
  std::map<std::shared_ptr<const void>, std::string> objects_;  // their names
  std::map<std::string, std::string> due_;                      // parts for the next message
  std::size_t bytes_ = 0;                                       // of the known parts
  bool forgets_ = false;                                        // the next message says so
};

// The receiver's side.
class PartsReceived {
 public:
  // Takes the parts that a message carries. Throws Error if the message is malformed.
  void take(const nlohmann::json& message);
  // Returns the part. Throws Error if no message carried it.
  const std::string& at(const std::string& name) const;
  // Returns the object that decode() makes of the part; it is made once.
  template <class T, class Decode>
  std::shared_ptr<const T> object(const std::string& name, const Decode& decode) {
    std::shared_ptr<const void>& known = objects_[{typeid(T), name}];
    if (!known) known = std::make_shared<const T>(decode(at(name)));
    return std::static_pointer_cast<const T>(known);
  }

 private:
  std::map<std::string, std::string> parts_;
  std::map<std::pair<std::type_index, std::string>, std::shared_ptr<const void>> objects_;
};

}  // namespace tw
