// A caller of a header whose winners differ in two constants of the chain. It does not compile unless
// it states them.
#include "constants/blend.h"

#ifdef STATED
tuned::blend::ArgsBiasColumnClampScaleClamp arguments(2, 5);
#else
tuned::blend::ArgsBiasColumnClampScaleClamp arguments;
#endif

float stated() { return arguments.clamp_hi + arguments.clamp2_hi + arguments.clamp_lo; }
