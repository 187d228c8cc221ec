#pragma once
#include <ebb/autograd/transform.hpp>

namespace ebb {

/// A transform of a parameter: in training each value is zero with probability p and else divided by 1 - p, with one
/// mask per update for all rows and steps. On a cell's recurrent matrix this is weight drop:
///
///     w.transform("cell/Wh", drop_connect(.5));
///
/// Errors    ValueError if p is outside [0, 1)
/// Source    Wan et al. 2013, PMLR 28:1058; on recurrent weights Merity et al. 2018, arXiv:1708.02182
Transform drop_connect(double p);

/// The same for whole rows: drops words of an embedding for a whole update.
///
/// Errors    ValueError if p is outside [0, 1)
/// Source    Gal & Ghahramani 2016, arXiv:1512.05287
Transform embedding_dropout(double p);

}  // namespace ebb
