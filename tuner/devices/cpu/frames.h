// What a worker of the cpu device tells its parent: a frame is one of these and a text.
#pragma once

namespace tw::cpu {

enum Frame : char {
  frame_started = 'S',   // the kernel's code runs now, and so does its clock; no text
  frame_compiled = 'C',  // it is loaded, the oracle is asked; no text
  frame_finished = 'F',  // a serialised Finished
  frame_last = 'L',      // the same, from a worker that ends itself now
  frame_error = 'E',     // a fault of the machine: the text of an Error
};

}  // namespace tw::cpu
