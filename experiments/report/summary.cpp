#include <ebb/experiments/report/summary.hpp>
#include <nlohmann/json.hpp>

namespace ebb::app {

struct Summary::Tree {
  nlohmann::ordered_json root = nlohmann::ordered_json::object();
  nlohmann::ordered_json& at(const Path& path) {
    auto* node = &root;
    for (const std::string& key : path) node = &(*node)[key];
    return *node;
  }
};

Summary::Summary() : tree_(std::make_unique<Tree>()) {}
Summary::~Summary() = default;
void Summary::set(const Path& path, double x) { tree_->at(path) = x; }
void Summary::set(const Path& path, int x) { tree_->at(path) = x; }
void Summary::set(const Path& path, bool x) { tree_->at(path) = x; }
void Summary::set(const Path& path, const std::string& word) { tree_->at(path) = word; }
void Summary::set_json(const Path& path, const std::string& json) {
  tree_->at(path) = nlohmann::ordered_json::parse(json);
}
std::string Summary::json() const {
  return tree_->root.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace ebb::app
