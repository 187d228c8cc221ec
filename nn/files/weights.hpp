#pragma once
#include <ebb/autograd/leaf.hpp>
#include <ebb/nn/files/safetensors.hpp>

namespace ebb {

/// Writes every parameter into a safetensors file under its full name, with texts such as the model's architecture:
///
///     save_weights("weights.safetensors", w, {{"cell", "lstm"}});
///     load_weights("weights.safetensors", w);                       // of the same model, built again
///
/// Errors    FileError if it cannot be written; a file that was there before is then untouched
///           ValueError as write_safetensors'
void save_weights(const std::string& path, const LeafSet& w, const Metadata& = {});

/// Reads them back by name, whichever program wrote them.
///
/// Errors    FileError if the file is missing, torn, altered or of another model, or has a number too large for the
///           set's element type; nothing is changed then
void load_weights(const std::string& path, LeafSet& w);

}  // namespace ebb
