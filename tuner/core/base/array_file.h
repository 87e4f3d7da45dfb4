// Arrays in files: .npy (NumPy's format, versions 1 to 3), and any other file as raw bytes.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace tw {

// A file that holds one array in row-major order and little-endian.
struct ArrayFile {
  std::string path;
  std::string digest;       // of the whole file
  std::int64_t offset = 0;  // of the first element, in bytes
  std::int64_t bytes = 0;   // of the elements
  bool is_raw = false;      // raw: nothing is known of the type and the shape
  std::string type;         // as .npy writes it, without the byte order: "f4", "i8"; empty if raw
  std::vector<std::int64_t> shape;  // empty if raw, or if the array is one number
};

// Reads the description of an array. Throws Error, which names the file, if it cannot be read, or
// holds what is not an array of numbers in row-major order.
ArrayFile describe_array(const std::string& path);
// Returns the bytes of the elements. Throws Error if the file has changed since it was described.
std::vector<std::byte> read_array(const ArrayFile& file);

}  // namespace tw
