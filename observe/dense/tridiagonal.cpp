#include <Eigen/Eigenvalues>
#include <ebb/observe/dense/tridiagonal.hpp>
#include <ebb/ops/error.hpp>

namespace ebb::detail {

TridiagonalEigen tridiagonal_eigen(const std::vector<double>& diagonal, const std::vector<double>& beside) {
  const auto m = static_cast<Eigen::Index>(diagonal.size());
  const Eigen::VectorXd d = Eigen::VectorXd::Map(diagonal.data(), m), e = Eigen::VectorXd::Map(beside.data(), m - 1);
  if (!d.allFinite() || !e.allFinite()) throw ValueError("a tridiagonal matrix has an infinite or NaN element");
  Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver;
  solver.computeFromTridiagonal(d, e, Eigen::ComputeEigenvectors);
  if (solver.info() != Eigen::Success) throw ValueError("the eigenvalues of a tridiagonal matrix did not converge");
  const Eigen::VectorXd& values = solver.eigenvalues();
  TridiagonalEigen result{.values = {values.begin(), values.end()},
                          .vectors = Array::empty({static_cast<int>(m), static_cast<int>(m)}, f64)};
  // Column-major columns are row-major rows.
  Eigen::MatrixXd::Map(result.vectors.data<double>(), m, m) = solver.eigenvectors();
  return result;
}

}  // namespace ebb::detail
