#pragma once
#include <ebb/autograd/leaf.hpp>
#include <ebb/nn/files/safetensors.hpp>

namespace ebb {

/// Writes every parameter to a safetensors file under its full name, with strings such as the model's architecture:
///
///     save_weights("weights.safetensors", w, {{"cell", "lstm"}});
///     load_weights("weights.safetensors", w);                       // into the same model, constructed anew
///
/// Errors    FileError if it cannot be written, leaving an existing file unchanged; ValueError as for write_safetensors
void save_weights(const std::string& path, const LeafSet& w, const Metadata& = {});

/// Reads them back by name, also from files of other programs.
///
/// Errors    FileError if the file is missing, truncated, corrupt or of another model, or has a value out of range for
///           the set's element type; nothing is changed then
void load_weights(const std::string& path, LeafSet& w);

}  // namespace ebb
