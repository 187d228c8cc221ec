#pragma once
#include <memory>

namespace CLI {
class FormatterBase;
}

namespace ebb::app {

/// The layout of --help: names on the left and descriptions on the right, wrapped at the terminal's width.
std::shared_ptr<CLI::FormatterBase> help_formatter();

}  // namespace ebb::app
