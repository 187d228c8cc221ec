#pragma once

/// The files that `ebb new` writes, with @NAME@, @TYPE@ and @REGISTER@ to be filled in. Each compiles as it stands.
namespace ebb::app::templates {

extern const char* const cell;
extern const char* const experiment;

}  // namespace ebb::app::templates
