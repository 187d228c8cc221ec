#pragma once
#include <ebb/autograd/edit.hpp>
#include <ebb/nn/param.hpp>
#include <string>

namespace ebb {

class Archive;

struct ParamsOptions {
  std::uint64_t seed = 1;
  DType dtype = f32;
  std::int64_t most = 0;  ///< numbers that it may hold, such as a file's; 0: any. More are refused undrawn
};

/// Owns every parameter of a model in one flat buffer. A parameter's start depends on the seed and its full name, not
/// on the order in which parameters are made.
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
  /// A table of names, shapes, numbers of weights and bytes.
  std::string summary() const;
  /// Everyone sees f of the parameters whose names match the pattern ("*/Wh", "embedding/*"; * also spans slashes), see
  /// Leaf::transform. Returns how many there are.
  /// Errors    ValueError if there are none, with the nearest name
  int transform(const std::string& pattern, const Transform& f);
  /// Writable views; raises the version.
  Edit edit() { return Edit{*this}; }

  void visit(Archive&);  ///< for `save` and `load` of a whole run (nn/files/archive.hpp); weights
                         ///< alone by `save_weights` and `load_weights` (nn/files/weights.hpp)

 private:
  detail::ParamsData* data_;
};

}  // namespace ebb
