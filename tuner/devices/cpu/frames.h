// The messages of a worker of the cpu device to its parent: a frame is one of these letters and a
// text.
#pragma once

namespace tw::cpu {

enum Frame : char {
  frame_started = 'S',   // the kernel's code starts to run, and its time limit starts; no text
  frame_compiled = 'C',  // the kernel is loaded, and the oracle is asked; no text
  frame_finished = 'F',  // a serialised Finished
  frame_last = 'L',      // the same, from a worker that then ends itself
  frame_error = 'E',     // a fault of the machine, with the text of an Error
};

}  // namespace tw::cpu
