#pragma once
#include <ebb/autograd/step_context.hpp>

/// Scheduled sampling: in training, a decoder's input is the previous gold token, and increasingly often its own
/// prediction, as at inference.
///
///     const double p = gold_inverse_sigmoid(update, 300);
///     for (int t : steps(T)) {
///       h = cell->step(emb(token), h, context.at_time(t));
///       logits[t] = out(h[0]);
///       token = choose(gold_coins(context.at_time(t), "gold", rows, p), gold[t], argmax(logits[t]));
///     }
///
/// The choice has no gradient.
///
/// Source    Bengio et al. 2015, arXiv:1506.03099
namespace ebb {

/// Probability of the gold token as a function of the update u, counted from 0.
///
///     max(least, initial - slope u);   k^u, k < 1;   k / (k + exp(u / k)), k >= 1
///
/// Errors    ValueError if slope is negative, initial or least is outside [0, 1], or k is outside (0, 1) or below 1
double gold_linear(std::uint64_t update, double slope, double initial = 1, double least = 0);
double gold_exponential(std::uint64_t update, double k);
double gold_inverse_sigmoid(std::uint64_t update, double k);

/// One coin per row, [rows], 1 with probability p: a function of the context's seed, update and time, of `name`, and of
/// the row, independent of how the batch is split into shards. `context.coin(name, p)` is one coin for all rows. Coins
/// are drawn in evaluation too; do not call it there.
Array gold_coins(const StepContext& at, const char* name, int rows, double p);

/// gold where the coin is 1, else own.
///
/// Shapes    gold, own of one shape, coins of that shape too
/// Errors    ShapeError
Tokens choose(bool coin, const Tokens& gold, const Tokens& own);
Tokens choose(const Array& coins, const Tokens& gold, const Tokens& own);

}  // namespace ebb
