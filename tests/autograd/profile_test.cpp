#include "catch.hpp"

#include <atomic>
#include <cstring>
#include <ebb/autograd/call_site.hpp>
#include <ebb/autograd/fuse.hpp>
#include <ebb/autograd/op.hpp>
#include <ebb/autograd/profile.hpp>
#include <ebb/autograd/shards.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/random.hpp>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>

namespace profile_test {

using namespace ebb;

namespace {

/// A recurrent cell whose lines are known: each is asked for where it is written.
struct ProfiledCell {
  LeafSet set{f64};
  Leaf W = set.add("W", normal({3, 8}, Key{1}, 0, .3, f64));
  Leaf U = set.add("U", normal({8, 8}, Key{2}, 0, .3, f64));
  Leaf b = set.add("b", normal({8}, Key{3}, 0, .3, f64));
  static inline std::atomic<unsigned> products = 0, sums = 0, squash = 0;

  static unsigned here(std::source_location w = std::source_location::current()) { return w.line(); }
  Var step(const Var& x, const Var& h) const {
    products = here() + 1;
    const Var p = matmul(x, W), q = matmul(h, U);
    sums = here() + 1;
    const Var s = p + q + b;
    squash = here() + 1;
    return tanh(s);
  }
  PartialLoss operator()(Shard& s, const Array& x) const {
    const Sequence in = s.sequence(x);
    Var h = zeros({s.rows(), 8});
    for (const int t : steps(in.steps())) h = step(in[t], h);
    return s.sum(square(h) * (1.0 / s.batch()));
  }
};

const ProfileRow* row_at(const ProfileTable& t, unsigned line) {
  for (const ProfileRow& r : t.rows)
    if (r.line == line && detail::line_of(r.file.c_str(), r.line) == "profile_test.cpp:" + std::to_string(line))
      return &r;
  return nullptr;
}

const ProfileRow* row_of(const ProfileTable& t, const std::string& op) {
  for (const ProfileRow& r : t.rows)
    if (r.op == op) return &r;
  return nullptr;
}

struct Ran {
  ProfiledCell cell;
  Array x;
  int T, B;
  Ran(int steps, int rows) : x(normal({steps, rows, 3}, Key{4}, 0, 1, f64)), T(steps), B(rows) {}
  Result run(int shards = 1) const {
    return backward(cell.set, {.rows = B, .dtype = f64, .shards = shards}, [&](Shard& s) { return cell(s, x); });
  }
};

bool equal_sums(const ProfileRow& a, const ProfileRow& b) {
  const auto near = [](double p, double q) { return std::abs(p - q) <= 1e-9 * (std::abs(p) + 1e-9); };
  return a.calls == b.calls && near(a.forward, b.forward) && near(a.backward, b.backward) &&
         a.forward_bytes == b.forward_bytes && a.kept_bytes == b.kept_bytes && a.backward_bytes == b.backward_bytes;
}

}  // namespace

TEST_CASE("the tables of a profile have the same sums, which are less than what was measured") {
  const Ran r(7, 4);
  Profile p;
  {
    const Profile::Scope on(p);
    r.run();
  }
  const ProfileTable by_op = p.by_op(), by_line = p.by_line(), by_step = p.by_step(), all = p.rows();
  CHECK(equal_sums(by_op.sum(), all.sum()));
  CHECK(equal_sums(by_line.sum(), all.sum()));
  CHECK(equal_sums(by_step.sum(), all.sum()));
  CHECK(by_op.sum().forward > 0);
  CHECK(by_op.sum().backward > 0);
  CHECK(by_op.rest() > 0);
  CHECK(by_op.seconds == p.seconds());
  CHECK(by_op.seconds > by_op.sum().seconds());
  CHECK(by_op.kept_bytes >= by_op.sum().kept_bytes);
  for (std::size_t k = 1; k < by_op.rows.size(); ++k) CHECK(by_op.rows[k - 1].seconds() >= by_op.rows[k].seconds());
}

TEST_CASE("nested scopes of one profile measure the time of the outermost") {
  const Ran r(3, 4);
  Profile p, q;
  {
    const Profile::Scope outer(p);
    r.run();
    {
      const Profile::Scope inner(p), other(q);
      r.run();
      const Profile::Scope innermost(p);
      r.run();
    }
    r.run();
  }
  CHECK(p.by_op().sum().calls == 3 * q.by_op().sum().calls);
  {
    const Profile::Scope outer(p), inner(p);
    r.run(2);
  }
  CHECK(p.seconds() >= p.by_op().sum().seconds());
  CHECK(p.seconds() < 3600);
}

TEST_CASE("calls, times and bytes belong to the op, the line of the cell, and the time step") {
  const int T = 7, B = 4;
  const Ran r(T, B);
  Profile p;
  {
    const Profile::Scope on(p);
    r.run();
  }
  const std::int64_t state = std::int64_t{8} * B * 8;  // bytes of one [B, 8] in float64
  const ProfileTable lines = p.by_line(), ops = p.by_op(), steps = p.by_step();

  const ProfileRow *products = row_at(lines, ProfiledCell::products), *sums = row_at(lines, ProfiledCell::sums),
                   *squash = row_at(lines, ProfiledCell::squash);
  REQUIRE(products);
  REQUIRE(sums);
  REQUIRE(squash);
  CHECK(products->calls == 2 * T);
  CHECK(sums->calls == 2 * T);
  CHECK(squash->calls == T);
  CHECK(row_of(ops, "matmul")->calls == 2 * T);
  CHECK(row_of(ops, "tanh")->calls == T);
  for (const ProfileRow* row : {products, sums, squash}) {
    CHECK(row->forward > 0);
    CHECK(row->backward > 0);
  }
  CHECK(products->backward_bytes == 2 * T * state);
  CHECK(squash->backward_bytes == T * state);
  CHECK(squash->kept_bytes == T * state);  // tanh reads its result; the sums are not kept
  CHECK(sums->kept_bytes == 0);

  REQUIRE(steps.rows.size() == static_cast<std::size_t>(T + 1));
  CHECK(steps.rows[0].step == -1);
  for (int t = 0; t < T; ++t) {
    const ProfileRow& row = steps.rows[static_cast<std::size_t>(t + 1)];
    CHECK(row.step == t);
    CHECK(row.calls == 6);  // the input's view, two products, two sums, tanh
    CHECK(row.backward_bytes == 5 * state);
    CHECK(row.forward > 0);
    CHECK(row.backward > 0);
  }
}

TEST_CASE("the time of deferred products belongs to the ops that deferred them") {
  const Ran r(5, 4);
  Profile p;
  {
    const Profile::Scope on(p);
    r.run();
  }
  const auto trace = nlohmann::json::parse(p.trace());
  std::map<std::string, int> deferred;
  for (const auto& e : trace["traceEvents"])
    if (const std::string name = e["name"]; e["ph"] == "B" && name.find("deferred") != std::string::npos)
      ++deferred[name];
  const auto at = [](const char* op, unsigned line) {
    return std::string(op) + ", deferred gradient (profile_test.cpp:" + std::to_string(line) + ")";
  };
  CHECK(deferred ==
        std::map<std::string, int>{{at("matmul", ProfiledCell::products), 2}, {at("add", ProfiledCell::sums), 1}});
}

TEST_CASE("values and gradients are the same bits with and without a profile", "[shards]") {
  const Ran r(9, 37);
  const Result plain = r.run(4);
  Profile p;
  Result profiled;
  {
    const Profile::Scope on(p);
    profiled = r.run(4);
  }
  CHECK(std::memcmp(&plain.loss, &profiled.loss, sizeof(double)) == 0);
  const Array a = plain.grads.flats()[0], b = profiled.grads.flats()[0];
  REQUIRE(a.bytes() == b.bytes());
  CHECK(std::memcmp(a.raw(), b.raw(), a.bytes()) == 0);
  CHECK(p.by_op().sum().calls > 0);
}

TEST_CASE("each shard has its own track, and counts do not depend on the number of threads", "[shards]") {
  const Ran r(6, 32);
  const int before = threads();
  std::map<int, std::string> tables;
  for (const int n : {1, 2, 3}) {
    set_threads(n);
    Profile p;
    {
      const Profile::Scope on(p);
      r.run(4);
      r.run(4);
    }
    const auto trace = nlohmann::json::parse(p.trace());
    std::map<int, std::string> tracks;
    for (const auto& e : trace["traceEvents"])
      if (e["name"] == "thread_name") tracks[e["tid"]] = e["args"]["name"];
    CHECK(tracks == std::map<int, std::string>{{2, "shard 0"}, {3, "shard 1"}, {4, "shard 2"}, {5, "shard 3"}});
    for (const ProfileRow& row : p.rows().rows)
      tables[n] += row.op + row.place() + std::to_string(row.step) + " " + std::to_string(row.calls) + " " +
                   std::to_string(row.kept_bytes) + " " + std::to_string(row.backward_bytes) + "\n";
  }
  set_threads(before);
  CHECK(tables[1] == tables[2]);
  CHECK(tables[1] == tables[3]);
}

TEST_CASE("a trace follows Chrome's trace event format, and its spans nest") {
  const Ran r(5, 8);
  Profile p;
  {
    const Profile::Scope on(p);
    r.run(2);
  }
  const auto trace = nlohmann::json::parse(p.trace());
  CHECK(trace["displayTimeUnit"] == "ns");
  std::map<int, std::vector<std::string>> open;
  std::map<int, double> last;
  std::map<int, double> began;
  std::map<std::string, int> phases;
  std::int64_t forward = 0, backward = 0;
  double seconds = 0;  // of ops in the forward pass
  bool within = true, ordered = true, named = true;
  for (const auto& e : trace["traceEvents"]) {
    const std::string phase = e["ph"], name = e["name"];
    const int track = e["tid"];
    ++phases[phase];
    CHECK((e["pid"].is_number_integer() && e["tid"].is_number_integer()));
    if (phase == "M") {
      named = named && (name == "thread_name" || name == "thread_sort_index") && e["args"].is_object();
      continue;
    }
    const double ts = e["ts"];
    if (phase == "C") {
      named = named && e["args"]["bytes"].is_number_integer();
      continue;
    }
    ordered = ordered && ts >= last[track];
    last[track] = ts;
    auto& stack = open[track];
    if (phase == "B") {
      named = named && e["cat"].is_string() && !e.contains("args");  // speedscope would append them to the name
      stack.push_back(name);
      const bool op = e["cat"] == "op";
      if (op) (stack.front() == "forward" ? forward : backward) += 1;
      began[track] = ts;
      within = within && (stack.size() == 1) == (name == "forward" || name == "backward");
    } else {
      REQUIRE(phase == "E");
      REQUIRE_FALSE(stack.empty());
      CHECK(stack.back() == name);
      const bool leaf = name != "forward" && name.find("time step") != 0;
      if (leaf && stack.front() == "forward") seconds += (ts - began[track]) * 1e-6;
      stack.pop_back();
    }
  }
  for (const auto& [track, stack] : open) CHECK(stack.empty());
  CHECK(within);
  CHECK(ordered);
  CHECK(named);
  CHECK(phases["B"] == phases["E"]);
  CHECK(phases["C"] > 0);
  CHECK(std::abs(seconds - p.by_op().sum().forward) < 1e-8);  // times are in microseconds
  CHECK(forward == p.by_op().sum().calls);
  CHECK(backward == 2 * (5 * 5 + 3 + 3));  // in each shard five ops a step, three after them, and three deferred sums
  CHECK(p.left_out() == 0);
}

TEST_CASE("a trace is written as a file, or an error says why not") {
  const Ran r(2, 2);
  Profile p;
  {
    const Profile::Scope on(p);
    r.run();
  }
  const auto file = std::filesystem::temp_directory_path() / "ebb profile test.json";
  p.write_trace(file.string());
  std::ifstream in(file);
  const std::string text{std::istreambuf_iterator<char>(in), {}};
  std::filesystem::remove(file);
  CHECK(text == p.trace());
  CHECK_THROWS_AS(p.write_trace("/nowhere/at/all.json"), FileError);
}

TEST_CASE("a profile observes a tape that is open, and passes without recording") {
  Tape tape{{.dtype = f64}};
  const Var x = variable(Array::full({4}, 2, f64));
  Profile p;
  Var y;
  {
    const Profile::Scope on(p);
    {
      const NoGrad off;
      (void)exp(x);
    }
    y = sum(square(x));
  }
  (void)log(x);  // after the scope
  CHECK(row_of(p.by_op(), "exp")->calls == 1);
  CHECK(row_of(p.by_op(), "square")->calls == 1);
  CHECK_FALSE(row_of(p.by_op(), "log"));
  CHECK(p.by_op().sum().backward == 0);
  {
    const Profile::Scope on(p);
    tape.backward(y);
  }
  CHECK(row_of(p.by_op(), "square")->backward > 0);
}

TEST_CASE("ops inside a function of the library have the line of its caller, and inside a gradient are that gradient") {
  Tape tape{{.dtype = f64}};
  const Var x = variable(normal({3, 5}, Key{5}, 0, 1, f64));
  Profile p;
  unsigned line = 0;
  {
    const Profile::Scope on(p);
    const auto mean_square = [](At v) {
      const CallSite here{v.where};
      return mean(square(v.var));
    };
    line = ProfiledCell::here() + 1;
    const Var y = mean_square(softmax(x, -1));
    tape.backward(y);
  }
  const ProfileTable t = p.by_line();
  CHECK(t.rows[0].line == line);
  CHECK(t.rows[0].calls == t.sum().calls);
  CHECK(row_of(p.by_op(), "softmax")->calls == 1);
  CHECK(row_of(p.by_op(), "square")->calls == 1);  // that of softmax's vjp is part of softmax
}

TEST_CASE("a fused lambda counts once, with what it keeps") {
  Tape tape{{.dtype = f64}};
  const Var a = variable(normal({4, 8}, Key{6}, 0, 1, f64)), b = variable(normal({4, 8}, Key{7}, 0, 1, f64));
  Profile p;
  {
    const Profile::Scope on(p);
    auto [c, h] = fuse(
        [](auto u, auto v) {
          auto s = sigmoid(u) * tanh(v);
          return std::pair{s, s * s};
        },
        a, b);
    tape.backward(sum(c + h));
  }
  const ProfileTable ops = p.by_op();
  const ProfileRow* row = row_of(ops, "fuse");
  REQUIRE(row);
  CHECK(row->calls == 1);
  CHECK(row->forward > 0);
  CHECK(row->backward > 0);
  CHECK(row->backward_bytes == 2 * 4 * 8 * 8);
  CHECK_FALSE(row_of(p.by_op(), "fuse result"));
}

TEST_CASE("a table fits on 80 columns, and its last rows say what is not within ops") {
  const Ran r(300, 2);
  Profile p;
  {
    const Profile::Scope on(p);
    r.run();
  }
  for (const ProfileTable& t : {p.by_op(), p.by_line(), p.by_step()}) {
    for (const int columns : {80, 100, 132}) {
      const std::string text = t.text(columns, 10);
      std::size_t widest = 0, lines = 0;
      for (std::size_t at = 0; at < text.size(); ++lines) {
        const std::size_t end = text.find('\n', at);
        widest = std::max(widest, end - at);
        at = end + 1;
      }
      CHECK(widest <= static_cast<std::size_t>(columns));
      CHECK(lines <= 2 + 11 + 2);
      CHECK(text.find("tape and rest") != std::string::npos);
    }
  }
  CHECK(p.by_step().text(80, 10).find("0 to 29") != std::string::npos);
  const std::string csv = p.rows().csv();
  CHECK(std::count(csv.begin(), csv.end(), '\n') == static_cast<std::ptrdiff_t>(p.rows().rows.size() + 1));
}

}  // namespace profile_test
