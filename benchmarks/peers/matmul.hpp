#pragma once
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <sstream>
#include <string>
#include <vector>

/// Shared by the programs that time one library's matrix product. Started with dtype and threads, they wait for lines
/// "M K N ta tb SECONDS" (ta, tb: 1 if that operand is stored transposed) and print the best rate in GFLOP/s, or 0 if
/// the library has no such product. The driver can thus alternate between libraries, shape by shape.
namespace compare {

struct Product {
  int M, K, N;
  bool ta, tb;
};

/// Best of many calls of gemm(product, a, b, c), row-major operands.
template <class T, class F> double best_gflops(const Product& p, double seconds, F&& gemm) {
  using clock = std::chrono::steady_clock;
  const auto numbers = [](int rows, int columns) {
    return static_cast<std::size_t>(rows) * static_cast<std::size_t>(columns);
  };
  std::vector<T> a(numbers(p.M, p.K)), b(numbers(p.K, p.N)), c(numbers(p.M, p.N));
  for (std::size_t k = 0; k < a.size(); ++k) a[k] = static_cast<T>(static_cast<double>(k % 17) * .1 - .8);
  for (std::size_t k = 0; k < b.size(); ++k) b[k] = static_cast<T>(static_cast<double>(k % 13) * .1 - .6);
  if (!gemm(p, a.data(), b.data(), c.data())) return 0;
  const double flop = 2.0 * p.M * p.K * p.N;
  const int calls = std::max(1, static_cast<int>(1e7 / flop));  // so that the cost of reading the clock is negligible
  double best = 1e30;
  const auto end = clock::now() + std::chrono::duration<double>(seconds);
  do {
    const auto begin = clock::now();
    for (int k = 0; k < calls; ++k) gemm(p, a.data(), b.data(), c.data());
    best = std::min(best, std::chrono::duration<double>(clock::now() - begin).count() / calls);
  } while (clock::now() < end);
  return flop / best * 1e-9;
}

template <class F> int matmul_main(int argc, char** argv, const std::string& version, F&& gemm) {
  const std::string dtype = argc > 1 ? argv[1] : "float32";
  std::printf("{\"version\": \"%s\"}\n", version.c_str());
  std::fflush(stdout);
  std::string line;
  while (std::getline(std::cin, line)) {
    Product p{};
    double seconds = 0;
    std::istringstream(line) >> p.M >> p.K >> p.N >> p.ta >> p.tb >> seconds;
    const double rate =
        dtype == "float64" ? best_gflops<double>(p, seconds, gemm) : best_gflops<float>(p, seconds, gemm);
    std::printf("%.3f\n", rate);
    std::fflush(stdout);
  }
  return 0;
}

}  // namespace compare
