#include <fmt/format.h>
#include <ebb/experiments/report/gnuplot.hpp>
#include <ebb/experiments/report/run_program.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/printable.hpp>
#include <utility>

namespace ebb::app {

std::string run_gnuplot(const std::string& program) {
  // -d: a user's ~/.gnuplot would change the figure.
  Ended gnuplot = run_program({"gnuplot", "-d"}, program);
  if (!gnuplot.found) throw Error("it is drawn by gnuplot, which was not found: sudo apt-get install gnuplot-nox");
  if (gnuplot.code != 0 || gnuplot.out.empty())
    throw Error(fmt::format("gnuplot failed: {}", ebb::detail::printable(gnuplot.messages)));
  return std::move(gnuplot.out);
}

}  // namespace ebb::app
