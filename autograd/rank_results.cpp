#include <ebb/autograd/rank_results.hpp>
#include <ebb/autograd/sum_grads.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ranks/byte_text.hpp>
#include <ebb/ranks/gather.hpp>

namespace ebb::detail {
namespace {

/// Calls f(bytes, size) for each contiguous part of rows [begin, end) on the axis, in order.
template <class F> void each_part(const Array& whole, int axis, int begin, int end, F&& f) {
  const Shape s = whole.shape();
  std::size_t row = bytes_of(whole.dtype()), outer = 1;
  for (int a = axis + 1; a < s.rank(); ++a) row *= static_cast<std::size_t>(s[a]);
  for (int a = 0; a < axis; ++a) outer *= static_cast<std::size_t>(s[a]);
  char* const values = static_cast<char*>(whole.raw());
  const std::size_t all = static_cast<std::size_t>(s[axis]) * row, first = static_cast<std::size_t>(begin) * row;
  for (std::size_t k = 0; k < outer; ++k) f(values + k * all + first, static_cast<std::size_t>(end - begin) * row);
}

struct RowRange {
  int begin, end;
};

void put_rows(ByteText& text, const Array& whole, int axis, RowRange r) {
  const Shape s = whole.shape();
  text.put(s.rank());
  for (int a = 0; a < s.rank(); ++a) text.put(s[a]);
  each_part(whole, axis, r.begin, r.end, [&](const char* data, std::size_t bytes) { text.put_bytes(data, bytes); });
}

/// Into `whole`, which is created as zeros if it is empty.
void get_rows(ByteTextReader& text, Array& whole, int axis, RowRange r, DType dtype, const std::string& name) {
  int rank = 0;
  text.get(rank);
  Shape s;
  for (int a = 0; a < rank; ++a) {
    int n = 0;
    text.get(n);
    s = s.inserted(a, n);
  }
  if (!whole) whole = Array::zeros(s, dtype);
  if (!(whole.shape() == s)) throw ShapeError("shard: output " + name + " has different shapes in different shards");
  each_part(whole, axis, r.begin, r.end, [&](char* data, std::size_t bytes) { text.get_bytes(data, bytes); });
}

void put_map(ByteText& text, const std::map<std::string, Array>& all, int axis, RowRange r) {
  text.put(all.size());
  for (const auto& [name, whole] : all) {
    text.put(name);
    put_rows(text, whole, axis, r);
  }
}

void get_map(ByteTextReader& text, std::map<std::string, Array>& all, int axis, RowRange r, DType dtype) {
  std::size_t count = 0;
  text.get(count);
  for (std::string name; count > 0; --count) {
    text.get(name);
    get_rows(text, all[name], axis, r, dtype, name);
  }
}

void put_state(ByteText& text, const StateArrays& state, RowRange r) {
  text.put(state.fields.size());
  for (std::size_t k = 0; k < state.fields.size(); ++k) {
    text.put(state.names[k]);
    put_rows(text, state.fields[k], 0, r);
  }
}

void get_state(ByteTextReader& text, StateArrays& state, RowRange r, DType dtype) {
  std::size_t fields = 0;
  text.get(fields);
  std::string name;
  for (std::size_t k = 0; k < fields; ++k) {
    text.get(name);
    if (k == state.fields.size()) {
      state.names.push_back(name);
      state.fields.emplace_back();
    }
    get_rows(text, state.fields[k], 0, r, dtype, name);
  }
}

/// The types of exceptions that keep their type on other ranks.
enum class Kind : int { none, shape, tape, value, file, other };

struct Failure {
  Kind kind = Kind::none;
  int shard = 0;
  std::string what;
};

Failure failure_of(const std::exception_ptr& e, int shard) {
  try {
    std::rethrow_exception(e);
  } catch (const ShapeError& x) { return {Kind::shape, shard, x.what()}; } catch (const TapeError& x) {
    return {Kind::tape, shard, x.what()};
  } catch (const ValueError& x) { return {Kind::value, shard, x.what()}; } catch (const FileError& x) {
    return {Kind::file, shard, x.what()};
  } catch (const std::exception& x) { return {Kind::other, shard, x.what()}; } catch (...) {
    return {Kind::other, shard, "an exception that is not a std::exception"};
  }
}

[[noreturn]] void raise(const Failure& f) {
  switch (f.kind) {
    case Kind::shape: throw ShapeError(f.what);
    case Kind::tape: throw TapeError(f.what);
    case Kind::value: throw ValueError(f.what);
    case Kind::file: throw FileError(f.what);
    default: throw Error(f.what);
  }
}

Failure first_failure(const ShardRun& run) {
  for (int k = run.own.first; k < run.own.second; ++k) {
    const auto at = static_cast<std::size_t>(k);
    if (run.errors[at]) return failure_of(run.errors[at], k);
    if (run.grads[at].sets().size() > 1)
      return {Kind::value, k,
              "backward: among ranks, all parameters that the loss depends on must be in the set that is passed"};
  }
  return {};
}

bool own_gaps(const ShardRun& run) {
  bool gaps = false;
  for (int k = run.own.first; k < run.own.second; ++k)
    gaps |= GradParts::has_gaps(run.grads[static_cast<std::size_t>(k)]);
  return gaps;
}

std::string own_results(const ShardRun& run, const Failure& failure, bool gaps, RowRange rows) {
  ByteText text;
  text.put(static_cast<int>(failure.kind)).put(failure.shard).put(failure.what);
  if (failure.kind != Kind::none) return text.text();
  for (int k = run.own.first; k < run.own.second; ++k) {
    const auto at = static_cast<std::size_t>(k);
    text.put(run.losses[at]).put(run.kept[at]).put(run.counts[at].size());
    for (const auto& [name, x] : run.counts[at]) text.put(name).put(x);
  }
  text.put(gaps);
  put_map(text, run.result.outputs, 0, rows);
  put_map(text, run.result.retained, 1, rows);
  return text.text();
}

/// Those of another rank, that of shards [first, end), behind its failure. Returns whether its gradients have gaps.
bool take_results(ShardRun& run, ByteTextReader& text, std::pair<int, int> shards, RowRange rows) {
  for (int k = shards.first; k < shards.second; ++k) {
    const auto at = static_cast<std::size_t>(k);
    std::size_t count = 0;
    text.get(run.losses[at]).get(run.kept[at]).get(count);
    for (std::string name; count > 0; --count) text.get(name).get(run.counts[at][name]);
  }
  bool gaps = false;
  text.get(gaps);
  get_map(text, run.result.outputs, 0, rows, run.options.dtype);
  get_map(text, run.result.retained, 1, rows, run.options.dtype);
  return gaps;
}

}  // namespace

bool gather_results(ShardRun& run) {
  Ranks& ranks = *run.options.ranks;
  const auto rows_of = [&](std::pair<int, int> shards) {
    return RowRange{run.begin(shards.first), run.begin(shards.second)};
  };
  const Failure mine = first_failure(run);
  bool gaps = own_gaps(run);
  const std::vector<std::string> all = gather_all(ranks, "update", own_results(run, mine, gaps, rows_of(run.own)));
  std::vector<ByteTextReader> texts;
  for (int r = 0; r < ranks.size(); ++r) {  // in the order of their shards
    ByteTextReader& reader = texts.emplace_back(all[static_cast<std::size_t>(r)]);
    int kind = 0;
    Failure f;
    reader.get(kind).get(f.shard).get(f.what);
    f.kind = static_cast<Kind>(kind);
    if (f.kind == Kind::none) continue;
    if (const std::exception_ptr& own = run.errors[static_cast<std::size_t>(f.shard)]) std::rethrow_exception(own);
    if (f.kind == Kind::other) f.what = ranks.name(r) + ": " + f.what;
    raise(f);
  }
  for (int r = 0; r < ranks.size(); ++r) {
    if (r == ranks.rank()) continue;
    const std::pair<int, int> shards = run.tree->shards_of(r);
    gaps |= take_results(run, texts[static_cast<std::size_t>(r)], shards, rows_of(shards));
  }
  return gaps;
}

}  // namespace ebb::detail

namespace ebb {

StateArrays all_rows(const StateArrays& state, const ShardOptions& o) {
  if (!o.ranks || o.ranks->size() < 2) return state;
  const int shards = o.shards > 0 ? o.shards : shard_count(o.rows);
  const detail::RankTree tree(shards, o.ranks->size());
  const auto rows_of = [&](int rank) {
    const auto [first, end] = tree.shards_of(rank);
    return detail::RowRange{detail::row_of_shard(first, shards, o.rows), detail::row_of_shard(end, shards, o.rows)};
  };
  detail::ByteText mine;
  detail::put_state(mine, state, rows_of(o.ranks->rank()));
  StateArrays all;
  const std::vector<std::string> texts = gather_all(*o.ranks, "rows of a state", mine.text());
  for (int r = 0; r < o.ranks->size(); ++r) {
    detail::ByteTextReader text(texts[static_cast<std::size_t>(r)]);
    detail::get_state(text, all, rows_of(r), o.dtype);
  }
  return all;
}

}  // namespace ebb
