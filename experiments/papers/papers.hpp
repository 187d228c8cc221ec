#pragma once
#include <ebb/experiments/papers/protocol.hpp>
#include <string_view>

namespace ebb::app::papers {

/// A protocol that is built into the program: experiments/papers/NAME.toml.
struct BuiltIn {
  const char* name;
  std::string_view text;
};
/// By name. Written by CMake from the files in experiments/papers.
const std::vector<BuiltIn>& built_in_protocols();

/// The protocol of that name, or in that file, NAME.toml.
///
/// Errors    ValueError naming the nearest paper, or all of them; those of protocol_of; FileError
Protocol find_protocol(const std::string& name_or_file);

}  // namespace ebb::app::papers
