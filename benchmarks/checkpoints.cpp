// Bytes and processor time of backward passes through a long sequence, with an LSTM of which the last output is read.
//   checkpoints SCHEDULE [STEPS [PASSES [ROWS [HIDDEN]]]]
// SCHEDULE as for Checkpoint::parse: none, sqrt, revolve, 500. Prints for each pass the peak of the tape's memory,
// besides the inputs, and the seconds of the forward and the backward pass. The first pass also pays for memory that
// the system hands out; later ones reuse it, as training does. With none and 10,000 steps: 1.1 GB; with sqrt and
// 100,000: 50 MB. Set OMP_NUM_THREADS=1 to compare times.
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <ebb/autograd/tape.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/memory.hpp>

namespace {

double seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

void measure(const char* schedule, int steps, int passes, int rows, int hidden) {
  const ebb::UnrollOptions o{.checkpoint = ebb::Checkpoint::parse(schedule), .reads = ebb::Reads::last};
  ebb::Params w{{.seed = 1}};
  const ebb::CellPtr cell = ebb::make_cell("lstm", w / "cell", {1, hidden});
  const ebb::Array x = ebb::uniform({steps, rows, 1}, ebb::Key{1}, -1, 1);
  for (int pass = 1; pass <= passes; ++pass) {
    ebb::Tape tape;
    const ebb::Var in = ebb::constant(x);
    ebb::reset_pool_peak();
    const auto before = static_cast<double>(ebb::pool_stats().in_use);
    const double begin = seconds();
    const ebb::Var loss = ebb::sum(ebb::square(ebb::unroll(*cell, in, ebb::StepContext{}, o).last()));
    const double middle = seconds();
    const ebb::Grads g = tape.backward(loss);
    const double end = seconds();
    double checksum = 0;
    for (std::int64_t k = 0; k < g.flat().size(); ++k) checksum += g.flat().at_flat(k);
    std::printf("%-10s %d steps, pass %d: peak %.2f MB, forward %.2f s, backward %.2f s, sum of the gradient %.9g\n",
                schedule, steps, pass, (static_cast<double>(ebb::pool_stats().peak) - before) / 1e6, middle - begin,
                end - middle, checksum);
  }
}

}  // namespace

int main(int argc, char** argv) try {
  const auto number = [&](int k, int without) { return argc > k ? std::atoi(argv[k]) : without; };
  measure(argc > 1 ? argv[1] : "sqrt", number(2, 100'000), number(3, 1), number(4, 32), number(5, 128));
} catch (const ebb::Error& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 2;
}
