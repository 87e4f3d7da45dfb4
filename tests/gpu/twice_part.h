// The function that each library, or each file of a program, exports. It calls the same emitted
// header.
#pragma once

// Doubles some numbers with more than 48 KiB of shared memory. Returns null, or what went wrong.
#define TWICE_PART(name) extern "C" __attribute__((visibility("default"))) const char* name()
