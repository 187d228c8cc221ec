#pragma once
#include <ebb/nn/param.hpp>
#include <map>
#include <string>

namespace ebb {

class Archive;

struct ParamsOptions {
  std::uint64_t seed = 1;
  DType dtype = f32;
  std::int64_t most = 0;               ///< numbers that it may hold, such as a file's; 0: any. More are refused undrawn
};

/// Owns every parameter of a model in one flat buffer. A parameter's start depends on the seed and its full name, not on
/// the order in which parameters are made.
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

  /// Writes every parameter to a file (written beside it and renamed), with texts such as the model's architecture
  /// (`read_safetensors_metadata`), or reads it back by name, whichever program wrote it.
  /// Errors    FileError if the file is missing, torn, altered, or of another model; nothing is changed then
  void save(const std::string& path, const std::map<std::string, std::string>& metadata = {}) const;
  void load(const std::string& path);
  void visit(Archive&);                                  ///< for `save` and `load` of a whole run

 private:
  detail::ParamsData* data_;
};

}  // namespace ebb
