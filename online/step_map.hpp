#pragma once
#include <ebb/observe/parameter_vector.hpp>
#include <ebb/observe/trajectory.hpp>

/// One step of a cell and its derivatives by the state and by the parameters, on which every online estimate of a
/// gradient is built. States are flat, [B, S], as in observe/trajectory.hpp; the L parameters that a step reads are one
/// vector theta of N values (observe/parameter_vector.hpp).
namespace ebb {

/// The arguments of one step of B rows.
struct StepPoint {
  Array x;      ///< [B, I]
  Array state;  ///< [B, S]
  Array theta;  ///< [N]
  StepContext at = {};
};

/// A part of the immediate derivative, the derivative of s' by one parameter [K, M] with s held. A product a W has one
/// of rank one for each row; a vector [M] that is used elementwise has K = 1 and a = 1:
///
///     D[b, c, (k, m)] = a[b, k] G[b, c, m]
struct ImmediateTerm {
  int parameter = 0;
  Array a;  ///< [B, K]; empty for a vector
  Array G;  ///< [B, C, M]
};

/// Derivatives of C linear combinations of s', one for each seed; seeds are the identity, [S, S], for all of s'.
struct StepDerivatives {
  Array next;                          ///< s', [B, S]
  Array J;                             ///< by s, [B, C, S]
  std::vector<ImmediateTerm> terms{};  ///< in the order of the parameters; of one parameter, those of several uses
  struct Dense {
    int parameter = 0;
    Array D;  ///< [B, C, K M]
  };
  std::vector<Dense> dense{};  ///< of parameters with other uses
};

/// Which paths from s to s' count.
enum class StepPaths {
  all,
  local  ///< not those through a product with a parameter, so units of one layer do not see each other
};

/// Differentiates one step of a cell by its state and its parameters.
///
/// A parameter with a transform counts by the transformed values. The set's values are read by `theta()` and otherwise
/// passed by the caller, so that derivatives can be taken anywhere. The cell and its parameters must outlive the map.
///
/// Errors    ValueError for a stack of cells, or if a step reads no trained parameter
/// Cost      derivatives: one step and one reverse pass of B C rows; for parameters of `dense`, B C reverse passes of
///           one row besides
class StepMap {
 public:
  /// The shape of the inputs is taken from x, [B, I].
  StepMap(const Cell&, const LeafSet& parameters, const Array& x, DType = f64);
  const Cell& cell() const { return cell_; }
  const detail::ParameterVector& parameters() const { return p_; }
  DType dtype() const { return dtype_; }
  int size() const { return size_; }       ///< S
  int count() const { return p_.size(); }  ///< N
  int inputs() const { return inputs_; }   ///< I
  bool is_dense(int parameter) const { return dense_[static_cast<std::size_t>(parameter)] != 0; }
  int rows_of(int parameter) const;     ///< K
  int columns_of(int parameter) const;  ///< M
  Array theta() const;                  ///< [N], current values after transforms
  Array next(const StepPoint&) const;   ///< s', [B, S]
  /// seeds [C, S], the same for each row, or [B, C, S].
  StepDerivatives derivatives(const StepPoint&, const Array& seeds, StepPaths = StepPaths::all) const;
  /// J v for v [B, S].
  Array along(const StepPoint&, const Array& v) const;

 private:
  void find_dense();
  bool holds(const StepPoint&, int parameter) const;
  Array parameter_jacobian(const StepPoint&, const Array& seeds, int parameter) const;
  const Cell& cell_;
  DType dtype_;
  int size_, inputs_;
  detail::ParameterVector p_;
  std::vector<char> dense_;  // by parameter
};

/// [n, n]
Array identity_matrix(int n, DType);

}  // namespace ebb
