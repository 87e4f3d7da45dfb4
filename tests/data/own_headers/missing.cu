// A source with a header that is nowhere.
#include <no/such.h>
__global__ void check(const unsigned* x, unsigned* y, int n) {}
