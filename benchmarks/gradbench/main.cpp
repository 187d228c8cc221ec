// Ebb's tool for GradBench (README.md here). Without arguments it speaks GradBench's protocol on stdin and stdout; with
// a module and a function it reads one input from stdin and prints the response:
//   gradbench_ebb [--threads N] [MODULE FUNCTION]
#include <CLI/CLI.hpp>
#include <cstdio>
#include <ebb/ops/parallel.hpp>
#include <iostream>

#include "session.hpp"

int main(int argc, char** argv) try {
  CLI::App app{"Ebb's tool for GradBench: speaks its protocol on stdin and stdout, or computes one function."};
  std::string module, function;
  int threads = 1;
  app.add_option("module", module, "an eval, such as lstm; its input is read from stdin");
  app.add_option("function", function, "one of its functions, such as jacobian");
  app.add_option("--threads", threads, "number of threads")->capture_default_str()->check(CLI::PositiveNumber);
  CLI11_PARSE(app, argc, argv);
  if (module.empty() != function.empty()) throw std::runtime_error("a module needs a function, as in: lstm jacobian");

  ebb::set_threads(threads);
  if (module.empty()) {
    gradbench::serve(std::cin, std::cout);
    return 0;
  }
  const gradbench::Json response = gradbench::evaluate(module, function, gradbench::Json::parse(std::cin));
  std::cout << response << '\n';
  return response.at("success") ? 0 : 1;
} catch (const std::exception& e) {
  std::fprintf(stderr, "gradbench_ebb: %s\n", e.what());
  return 1;
}
