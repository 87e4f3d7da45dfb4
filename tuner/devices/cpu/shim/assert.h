// assert() as a fault of the launch that names the place. The compiler's own headers include this
// file too. As in C, each inclusion looks at NDEBUG anew.
#undef assert
#ifdef NDEBUG
#define assert(condition) static_cast<void>(0)
#else
#define assert(condition)          \
  static_cast<void>((condition) || \
                    (tw_cpu::runtime->fault("assert(" #condition ")", __FILE__, __LINE__), false))
#endif
