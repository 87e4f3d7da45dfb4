// Calls a header whose winners differ in two constants of the chain. The file does not compile
// unless it sets these constants.
#include "constants/blend.h"

#ifdef STATED
tuned::blend::ArgsBiasColumnClampScaleClamp arguments(2, 5);
#else
tuned::blend::ArgsBiasColumnClampScaleClamp arguments;
#endif

float stated() { return arguments.clamp_hi + arguments.clamp2_hi + arguments.clamp_lo; }
