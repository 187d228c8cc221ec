#pragma once

/// The files that `ebb new` writes, with @NAME@, @TYPE@ and @REGISTER@ as placeholders. Each compiles as it is.
namespace ebb::app::templates {

extern const char* const cell;
extern const char* const task;
extern const char* const optimizer;
extern const char* const remedy;
extern const char* const experiment;

}  // namespace ebb::app::templates
