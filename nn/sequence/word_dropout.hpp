#pragma once
#include <ebb/autograd/step_context.hpp>

namespace ebb {

/// In training each token is replaced, with probability p, by another one, such as that of unknown words; in evaluation
/// tokens are unchanged.
///
/// Shapes    tokens [T, rows], each step with the mask of its time; or [rows], one step
/// Errors    ValueError if p is outside [0, 1]; ShapeError for another rank
/// Source    Iyyer et al. 2015 (dropped words); Bowman et al. 2016, arXiv:1511.06349 (replaced by an unknown word)
Tokens word_dropout(const Tokens& tokens, double p, int replacement, const StepContext& at, const char* name = "words",
                    std::source_location where = std::source_location::current());

}  // namespace ebb
