// The types of arguments of a header.
#pragma once
#include <string>

#include "emit/tuning/tuning.h"

namespace tw {

// Returns the index of the form with this storage, math and chain. Adds the form, and the form that
// it extends, if they are new.
int add_form(Tuning& tuning, DType dtype, const std::string& math, const Epilogue& epilogue);
// Gives the row's problem the constants of its chain, if the database knows them.
void read_constants(TunedRow& row);
// Sets the constants of each form to those on which its winners agree. The form's chain, which the
// check uses, gets the constants of the first winner.
void settle_constants(Tuning& tuning);

}  // namespace tw
