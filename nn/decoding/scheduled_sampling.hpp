#pragma once
#include <ebb/autograd/step_context.hpp>

/// Scheduled sampling: while a decoder learns it is shown the gold token of the step before, later more and more often
/// its own, as it will be when it is used.
///
///     const double p = gold_inverse_sigmoid(update, 300);
///     for (int t : steps(T)) {
///       h = cell->step(emb(token), h, pass.at_time(t));
///       logits[t] = out(h[0]);
///       token = choose(gold_coins(pass.at_time(t), "gold", rows, p), gold[t], argmax(logits[t]));
///     }
///
/// The choice has no gradient.
///
/// Source    Bengio et al. 2015, arXiv:1506.03099
namespace ebb {

/// Probabilities of showing the gold token, as functions of the update, which is counted from 0.
///
///     max(least, start - slope u);   k^u, k < 1;   k / (k + exp(u / k)), k >= 1
///
/// Errors    ValueError if a slope is negative, start or least is outside [0, 1], or k outside (0, 1) or below 1
double gold_linear(std::uint64_t update, double slope, double initial = 1, double least = 0);
double gold_exponential(std::uint64_t update, double k);
double gold_inverse_sigmoid(std::uint64_t update, double k);

/// A coin for each row, [rows], 1 with probability p: a function of the pass's seed, update and time, of `name`, and of
/// the row itself, in whatever shard it stands. `pass.coin(name, p)` is one coin for all rows. Not for training alone:
/// whoever evaluates does not ask.
Array gold_coins(const StepContext& at, const char* name, int rows, double p);

/// Gold where the coin says so, else the model's own.
///
/// Shapes    gold, own of one shape, coins of that shape too
/// Errors    ShapeError
Tokens choose(bool coin, const Tokens& gold, const Tokens& own);
Tokens choose(const Array& coins, const Tokens& gold, const Tokens& own);

}  // namespace ebb
