#pragma once
#include <memory>

namespace CLI {
class FormatterBase;
}

namespace ebb::app {

/// How --help is laid out: names on the left, and what they mean on the right, wrapped at the terminal's width.
std::shared_ptr<CLI::FormatterBase> help_formatter();

}  // namespace ebb::app
