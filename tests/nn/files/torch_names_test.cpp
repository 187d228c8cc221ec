#include <ebb/autograd/tape.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/files/torch_names.hpp>
#include <ebb/nn/layers/embedding.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/sequence/bidirectional.hpp>
#include <ebb/nn/sequence/stacked_cell.hpp>
#include <ebb/ops/error.hpp>
#include <functional>

#include "arrays.hpp"
#include "catch.hpp"
#include "temp_folder.hpp"

namespace torch_names_test {

using namespace ebb;
using test::contains;
using test::message_of;

namespace {

std::string made_by_torch(const std::string& kind) {
  return std::string(EBB_SOURCE_DIR) + "/tests/goldens/torch_" + kind + ".safetensors";
}

/// The model of make_torch_names.py: an embedding, two bidirectional layers, a linear layer.
struct Model {
  static constexpr int V = 7, E = 3, H = 4, C = 5;
  Params w;
  Embedding embedding{w / "emb", V, E};
  CellPtr forward[2], back[2];
  Linear out{w / "out", 2 * H, C};
  TorchNames names{w};

  Model(const std::string& kind, std::uint64_t seed, DType dtype = f32) : w{{.seed = seed, .dtype = dtype}} {
    for (int l = 0; l < 2; ++l) {
      const CellSizes sizes{l == 0 ? E : 2 * H, H};
      forward[l] = make_cell(kind, w / "ahead" / std::to_string(l + 1).c_str(), sizes);
      back[l] = make_cell(kind, w / "back" / std::to_string(l + 1).c_str(), sizes);
    }
    names.embedding("embedding", "emb").linear("out", "out");
    const std::vector<std::string> ahead{"ahead/1", "ahead/2"}, reverse{"back/1", "back/2"};
    if (kind == "rnn") names.rnn("rnn", ahead, reverse);
    else if (kind == "lstm") names.lstm("rnn", ahead, reverse);
    else names.gru("rnn", ahead, reverse);
  }
  Array operator()(const Tokens& tokens) const {
    Tape tape{{.dtype = w.dtype()}};
    Sequence x(embedding(tokens));
    for (int l = 0; l < 2; ++l) x = bidirectional(*forward[l], *back[l], x, StepContext{}).all;
    return out(x.all()).value();
  }
};

Tokens tokens_of(const nlohmann::json& j) {
  const std::vector<int> extents = j["shape"], values = j["values"];
  Tokens t(Shape(extents.data(), static_cast<int>(extents.size())));
  std::copy(values.begin(), values.end(), t.data());
  return t;
}

const std::string kinds[] = {"rnn", "lstm", "gru"};

}  // namespace

TEST_CASE("Weights written by PyTorch give PyTorch's outputs: two layers, both directions, embedding, linear") {
  const nlohmann::json goldens = test::golden("torch_names.json");
  const Tokens tokens = tokens_of(goldens["tokens"]);
  for (const std::string& kind : kinds)
    for (const DType dtype : {f32, f64}) {
      CAPTURE(kind);
      Model m(kind, 1, dtype);
      const Array wanted = test::array_of(goldens[kind]);
      REQUIRE(test::error_of(m(tokens).to(f64), wanted) > .1);
      m.names.load(made_by_torch(kind));
      CHECK(test::error_of(m(tokens).to(f64), wanted) < 1e-6);
    }
}

TEST_CASE(
    "Weights written under PyTorch's names are restored bit for bit, and have the same tensors as PyTorch's file") {
  const TempFolder folder;
  for (const std::string& kind : kinds) {
    CAPTURE(kind);
    Model a(kind, 1), b(kind, 2);
    a.names.save(folder / "model", {{"cell", kind}});
    b.names.load(folder / "model");
    CHECK(test::same_bits(a.w.flat(), b.w.flat()));
    CHECK(read_safetensors_metadata(folder / "model").at("cell") == kind);
    std::map<std::string, Shape> ours, theirs;
    for (const NamedArray& t : read_safetensors(folder / "model")) ours[t.name] = t.values.shape();
    for (const NamedArray& t : read_safetensors(made_by_torch(kind))) theirs[t.name] = t.values.shape();
    CHECK(ours == theirs);
  }
}

TEST_CASE("A stack's layers map to a module's, and a bias that PyTorch lacks is zero") {
  const TempFolder folder;
  Params w{{.seed = 1}}, other{{.seed = 2}};
  for (Params* p : {&w, &other}) make_stack("gru", *p / "rnn", {3, 4}, 2);
  TorchNames(w).gru("", {"rnn/1", "rnn/2"}).save(folder / "model");
  std::vector<NamedArray> list = read_safetensors(folder / "model"), bare;
  CHECK(list.size() == 8);
  for (const NamedArray& a : list)
    if (contains(a.name, "weight")) bare.push_back(a);
  write_safetensors(folder / "bare", bare);
  TorchNames names(other);
  names.gru("", {"rnn/1", "rnn/2"}).load(folder / "bare");
  CHECK(test::same_bits(other.find("rnn/2/Wx").value(), w.find("rnn/2/Wx").value()));
  CHECK(largest_magnitude(other.find("rnn/1/b").value()) == 0);
  CHECK(largest_magnitude(other.find("rnn/2/bn").value()) == 0);
}

TEST_CASE("A PyTorch file that does not fit is rejected, naming the tensor, and changes nothing") {
  const TempFolder folder;
  Model m("lstm", 1);
  const Array before = m.w.flat().copy();
  const std::vector<NamedArray> list = read_safetensors(made_by_torch("lstm"));
  const auto rejection = [&](const std::function<bool(NamedArray&)>& keep) {
    std::vector<NamedArray> changed;
    for (NamedArray a : list)
      if (keep(a)) changed.push_back(a);
    write_safetensors(folder / "bad", changed);
    const std::string message = message_of<FileError>([&] { m.names.load(folder / "bad"); });
    CHECK(test::same_bits(m.w.flat(), before));
    return message;
  };
  CHECK(contains(rejection([](NamedArray& a) { return a.name != "rnn.weight_hh_l1_reverse"; }),
                 "no tensor 'rnn.weight_hh_l1_reverse', which parameter 'back/2/Wh' needs"));
  CHECK(contains(rejection([](NamedArray& a) { return a.name != "rnn.bias_hh_l0"; }),
                 "only one of 'rnn.bias_ih_l0' and 'rnn.bias_hh_l0'"));
  CHECK(contains(rejection([](NamedArray& a) {
                   if (a.name == "out.weight") a.name = "head.weight";
                   return true;
                 }),
                 "'out.weight'"));
  CHECK(contains(rejection([](NamedArray& a) {
                   if (a.name == "out.bias") a.name = "out.shift";
                   return true;
                 }),
                 "'out.shift' that is not mapped to a parameter"));
  CHECK(contains(rejection([](NamedArray& a) {
                   if (a.name == "out.weight") a.values = Array::zeros({8, 5}, f32);
                   return true;
                 }),
                 "'out.weight' is [8, 5], but parameter 'out/W' needs [5, 8]"));
  CHECK(contains(message_of<FileError>([&] { m.names.load(made_by_torch("gru")); }), "weight_ih_l0"));
}

TEST_CASE("Invalid names are rejected, and part of a model is loaded on request") {
  Model m("lstm", 1);
  TorchNames names(m.w);
  CHECK(contains(message_of<ValueError>([&] { names.lstm("rnn", {"ahead/3"}); }),
                 "'ahead/3/Wx'; did you mean 'ahead/1/Wx'"));
  CHECK(contains(message_of<ValueError>([&] { TorchNames(m.w).gru("rnn", {"ahead/1"}); }),
                 "'ahead/1/Wh' is [4, 16], where 3 blocks"));
  CHECK(contains(message_of<ValueError>([&] { TorchNames(m.w).lstm("rnn", {"ahead/1", "ahead/1"}); }), "two names"));
  CHECK(contains(message_of<ValueError>([&] { TorchNames(m.w).lstm("rnn", {"ahead/1", "ahead/2"}, {"back/1"}); }),
                 "has 2 layers forwards and 1 backwards"));
  CHECK(contains(message_of<ValueError>([&] { TorchNames(m.w).linear("a", "out").embedding("a", "emb"); }),
                 "'a.weight' is given two"));
  CHECK(contains(message_of<ValueError>([&] { TorchNames(m.w).linear("a", "emb"); }), "'emb/b'"));
  TorchNames head(m.w);
  head.linear("out", "out");
  CHECK(contains(message_of<ValueError>([&] { head.load(made_by_torch("lstm")); }), "'emb/W' has no name"));
  const Array before = m.w.find("emb/W").value().copy();
  head.load(made_by_torch("lstm"), Fit::part);
  CHECK(test::same_bits(m.w.find("emb/W").value(), before));
  for (const NamedArray& a : read_safetensors(made_by_torch("lstm")))
    if (a.name == "out.weight") CHECK(m.w.find("out/W").value().at({6, 3}) == a.values.at({3, 6}));
}

}  // namespace torch_names_test
