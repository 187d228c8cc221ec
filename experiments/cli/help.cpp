#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <ebb/experiments/cli/help.hpp>
#include <ebb/experiments/cli/streams.hpp>
#include <ebb/experiments/report/text_format.hpp>

namespace ebb::app {
namespace {

constexpr int names = 34;  // columns of the names

class WrappedHelp final : public CLI::Formatter {
 public:
  WrappedHelp() {
    column_width(names);
    widen(*this);
  }

  std::string make_description(const CLI::App* app) const override {
    std::string text = Formatter::make_description(app), lines;
    while (!text.empty() && text.back() == '\n') text.pop_back();
    for (const std::string& line : wrapped(text, width_)) lines += line + "\n";
    return lines;
  }
  std::string make_option_desc(const CLI::Option* option) const override {
    return folded(Formatter::make_option_desc(option));
  }
  std::string make_subcommand(const CLI::App* sub) const override {
    std::string text;
    for (const std::string& line : lines_of(sub->get_description()))
      text += fit(text.empty() ? "  " + sub->get_name() : "", names) + line + "\n";
    return text;
  }

 private:
  // Later versions of CLI11 also wrap, at their own width.
  template <class F> static void widen(F& f) {
    if constexpr (requires { f.right_column_width(1U); }) f.right_column_width(10'000);
  }

  std::vector<std::string> lines_of(const std::string& text) const {
    return wrapped(text, std::max(20, width_ - names - 1));
  }
  std::string folded(const std::string& text) const {
    std::string all;
    for (const std::string& line : lines_of(text))
      all += (all.empty() ? "" : "\n") + line;  // CLI11 indents continuation lines
    return all;
  }

  int width_ = terminal_columns(STDOUT_FILENO);
};

}  // namespace

std::shared_ptr<CLI::FormatterBase> help_formatter() { return std::make_shared<WrappedHelp>(); }

}  // namespace ebb::app
