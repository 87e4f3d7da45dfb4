#include "devices/cpu/emulation/static_shared.h"

#include <dlfcn.h>
#include <elf.h>
#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>

#include "core/base/error.h"

namespace tw::cpu {
namespace {

using Bytes = std::vector<char>;

// Nothing if there is no such file.
Bytes read(const char* path) {
  std::ifstream in(path, std::ios::binary | std::ios::ate);
  Bytes bytes(in ? static_cast<std::size_t>(in.tellg()) : 0);
  in.seekg(0);
  in.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  return bytes;
}

// `count` records of the file from `offset` on; none if the file is shorter.
template <class T>
std::vector<T> records(const Bytes& file, std::size_t offset, std::size_t count) {
  if (offset > file.size() || count > (file.size() - offset) / sizeof(T)) return {};
  std::vector<T> result(count);
  if (count > 0) std::memcpy(result.data(), file.data() + offset, count * sizeof(T));
  return result;
}

std::vector<Elf64_Shdr> sections_of(const Bytes& file) {
  const auto header = records<Elf64_Ehdr>(file, 0, 1);
  if (header.empty()) return {};
  return records<Elf64_Shdr>(file, header[0].e_shoff, header[0].e_shnum);
}

// Entities that are local to a function have names that begin so, in the C++ ABI of all compilers.
bool is_local(const Bytes& file, const Elf64_Shdr& names, const Elf64_Sym& symbol) {
  const std::size_t at = names.sh_offset + symbol.st_name;
  return at + 3 <= file.size() && std::string_view(&file[at], 3) == "_ZZ";
}

bool is_writable(const std::vector<Elf64_Shdr>& sections, const Elf64_Sym& symbol) {
  if (ELF64_ST_TYPE(symbol.st_info) != STT_OBJECT || symbol.st_shndx >= sections.size()) {
    return false;
  }
  const auto flags = sections[symbol.st_shndx].sh_flags;
  return (flags & SHF_WRITE) != 0 && (flags & SHF_TLS) == 0;
}

}  // namespace

std::vector<std::span<std::byte>> static_shared(const tw_cpu::Module& module) {
  Dl_info object{};
  if (::dladdr(&module, &object) == 0) throw Error("a kernel module that is not loaded");
  const Bytes file = read(object.dli_fname);
  const std::vector<Elf64_Shdr> sections = sections_of(file);
  if (std::none_of(sections.begin(), sections.end(),
                   [](const Elf64_Shdr& section) { return section.sh_type == SHT_SYMTAB; })) {
    throw Error(fmt::format("cannot read the symbol table of {}", object.dli_fname));
  }
  auto* const base = static_cast<std::byte*>(object.dli_fbase);
  std::vector<std::span<std::byte>> variables;
  for (const Elf64_Shdr& section : sections) {
    if (section.sh_type != SHT_SYMTAB || section.sh_link >= sections.size()) continue;
    for (const Elf64_Sym& symbol :
         records<Elf64_Sym>(file, section.sh_offset, section.sh_size / sizeof(Elf64_Sym))) {
      if (is_writable(sections, symbol) && is_local(file, sections[section.sh_link], symbol)) {
        variables.emplace_back(base + symbol.st_value, symbol.st_size);
      }
    }
  }
  return variables;
}

void save(const std::vector<std::span<std::byte>>& variables, std::vector<std::byte>& to) {
  to.clear();
  for (const auto& variable : variables) to.insert(to.end(), variable.begin(), variable.end());
}

void load(const std::vector<std::span<std::byte>>& variables, const std::vector<std::byte>& from) {
  const std::byte* at = from.data();
  for (const auto& variable : variables) {
    std::memcpy(variable.data(), at, variable.size());
    at += variable.size();
  }
}

}  // namespace tw::cpu
