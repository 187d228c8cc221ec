#pragma once
#include <ebb/autograd/edit.hpp>
#include <ebb/nn/param.hpp>
#include <string>

namespace ebb {

class Archive;

struct ParamsOptions {
  std::uint64_t seed = 1;
  DType dtype = f32;
  std::int64_t most =
      0;  ///< maximum number of values, such as a file's size; 0: unlimited. Checked before values are drawn
};

/// Owns all parameters of a model in one flat buffer. A parameter's initial values depend on the seed and its full
/// name, not on the order of creation.
///
///     Params w{{.seed = 1}};
///     CellPtr rnn = make_cell("mgu", w / "rnn", {2, 128});
class Params : public LeafSet {
 public:
  explicit Params(ParamsOptions = {});
  ~Params();
  Params(const Params&) = delete;
  Params& operator=(const Params&) = delete;

  Builder operator/(const char* scope);
  std::uint64_t seed() const;
  /// Number of trained values.
  std::int64_t trained() const;
  /// A table of names, shapes, weight counts and bytes.
  std::string summary() const;
  /// Replaces parameters whose names match the pattern ("*/Wh", "embedding/*"; * also matches slashes) by f of them
  /// wherever they are used; see Leaf::transform. Returns the number of matches.
  /// Errors    ValueError if there are none, suggesting the nearest name
  int transform(const std::string& pattern, const Transform& f);
  /// Writable views; increments the version.
  Edit edit() { return Edit{*this}; }

  void visit(Archive&);  ///< for `save` and `load` of a whole run (nn/files/archive.hpp); weights
                         ///< alone by `save_weights` and `load_weights` (nn/files/weights.hpp)

 private:
  detail::ParamsData* data_;
};

}  // namespace ebb
