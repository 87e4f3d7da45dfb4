#include "program/program.h"

int main(int argc, char** argv) { return tw::run_program({argv + 1, argv + argc}); }
