#include "devices/cpu/emulation/static_shared.h"

#include <link.h>

#include <cstdint>

namespace tw::cpu {
namespace {

struct Lookup {
  std::uintptr_t address = 0;  // of something in the object
  std::span<std::byte> found;
};

bool holds(const dl_phdr_info& object, std::uintptr_t address) {
  for (int i = 0; i < object.dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object.dlpi_phdr[i];
    const std::uintptr_t begin = object.dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_LOAD && address - begin < segment.p_memsz) return true;
  }
  return false;
}

// Called once for each loaded object, until it returns something else than 0.
int look_up(dl_phdr_info* object, std::size_t /*bytes*/, void* data) {
  auto& lookup = *static_cast<Lookup*>(data);
  if (!holds(*object, lookup.address)) return 0;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[i];
    if (segment.p_type != PT_TLS || !object->dlpi_tls_data) continue;
    lookup.found = {static_cast<std::byte*>(object->dlpi_tls_data), segment.p_memsz};
  }
  return 1;
}

}  // namespace

std::span<std::byte> static_shared(const tw_cpu::Module& module) {
  Lookup lookup{reinterpret_cast<std::uintptr_t>(&module), {}};
  ::dl_iterate_phdr(look_up, &lookup);
  return lookup.found;
}

}  // namespace tw::cpu
