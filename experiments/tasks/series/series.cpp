#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <ebb/experiments/report/text_format.hpp>
#include <ebb/experiments/tasks/series/data.hpp>
#include <ebb/experiments/train/data_files.hpp>
#include <ebb/experiments/train/measure.hpp>
#include <ebb/experiments/train/network.hpp>
#include <ebb/experiments/train/recurrent_network.hpp>
#include <ebb/experiments/train/series_batch.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/losses/loss.hpp>
#include <ebb/nn/sequence/sequence_layer.hpp>

namespace ebb::app {
namespace {

constexpr Output forecast{"forecast"};  // [B, T, 1]

/// A forecast at every step, of the value `ahead` steps later.
///
/// Shapes    x [T, B, I] -> [T, B, 1]
struct SeriesNetwork final : CarryingNetwork, RecurrentNetwork {
  LayerPtr cell;
  Linear out;
  SeriesNetwork(const Builder& p, const Recurrence& r, int inputs)
      : cell(r.layer(p / "cell", inputs)), out(p / "out", r.settings.hidden, 1) {}

  PartialLoss loss_from(Shard& s, const Batch& batch, const StateArrays& carried) const override {
    const auto& b = batch.get<SeriesBatch>();
    auto run = unroll(*cell, s.sequence(b.x), s.take(carried), s.context());
    carry(s, run.end());
    const Var y = out(run.all());
    if (!s.context().training()) forecast.put(s, transpose(y, {1, 0, 2}));
    return s.mean_tokens(squared_error(y, s.sequence(b.y).all()));
  }

  std::string recurrence_scope() const override { return "net/cell"; }
  const Cell* recurrence() const override { return cell->cell(); }
  Sequence recurrence_inputs(Shard& s, const Batch& b) const override { return s.sequence(b.get<SeriesBatch>().x); }
  PartialLoss last_loss(Shard& s, const Batch& batch, const Var& /*x*/, const Var& y) const override {
    const auto& b = batch.get<SeriesBatch>();
    return s.sum(squared_error(out(y), s.rows(b.y[b.steps() - 1])));
  }
  bool is_squared_error(const Batch&) const override { return true; }
  std::function<Var(const Var&, int)> step_loss(const Batch& batch) const override {
    return [this, targets = batch.get<SeriesBatch>().y](const Var& y, int t) {
      return squared_error(out(y), constant(targets[t].to(f64)));
    };
  }
};

// Running mean and variance.
struct Moments {
  double n = 0, sum = 0, squares = 0;
  double mean() const { return sum / n; }
  void add(double x) {
    n += 1;
    sum += x;
    squares += x * x;
  }
  double mean_square() const { return squares / n; }
  double variance() const { return squares / n - sum / n * (sum / n); }
};

/// Mean and standard deviation of the training values. If the mean is large, its square swamps the variance, so the
/// variance is computed from the values minus their mean. Errors: ValueError if they do not vary
struct Centring {
  double mean = 0, deviation = 1;

  Centring(const std::vector<std::vector<double>>& all, const std::string& name) {
    const Moments plain = moments(all, 0);
    mean = plain.n > 0 ? plain.mean() : 0;
    double variance = plain.variance();
    if (!(mean * mean < 1e4 * variance)) {
      const Moments rest = moments(all, mean);
      mean += rest.mean();
      variance = rest.variance();
    }
    const double rounding = mean * 0x1p-52;
    if (plain.n == 0 || !(variance > rounding * rounding))
      throw ValueError(name + ": there are no training values, or they are all equal");
    deviation = std::sqrt(variance);
  }
  float scaled(double x) const { return static_cast<float>((x - mean) / deviation); }
  /// Decimal digits of precision that remain in float64 after subtracting the mean.
  double digits() const { return std::log10(deviation / (std::abs(mean) * 0x1p-53)); }

 private:
  static Moments moments(const std::vector<std::vector<double>>& all, double less) {
    Moments m;
    for (const auto& s : all)
      for (const double x : s) m.add(x - less);
    return m;
  }
};

/// The root mean squared error, in % of the standard deviation of the target: always predicting the mean gives 100 %.
class SeriesMeter final : public Meter {
 public:
  SeriesMeter(int ahead, double mean, double deviation) : ahead_(ahead), mean_(mean), deviation_(deviation) {}

  void update(const Batch& batch, const Result& r) override {
    const auto& b = batch.get<SeriesBatch>();
    const Array& forecasts = forecast.of(r);
    if (!b.continues) begin_group();
    for (int row = 0; row < b.rows(); ++row)
      for (int t = 0; t < b.steps(); ++t) {
        const double y = b.y.at({t, row, 0}), said = forecasts.at({row, t, 0});
        if (kept_) keep_line(row, step_ + t + ahead_, y, said);
        error_.add(said - y);
        persistence_.add(b.x.at({t, row, 0}) - y);
        wanted_.add(y);
        if (row == 0 && shown_ < 400) keep(y, said);
      }
    step_ += b.steps();
  }

  void keep_outputs() override { kept_.emplace(); }
  std::optional<OutputTable> outputs() const override {
    if (!kept_) return std::nullopt;
    std::string csv = "series,step,value,forecast\n";
    for (const std::string& lines : *kept_) csv += lines;
    return OutputTable{"forecasts", csv};
  }

  std::vector<Measure> measures() const override {
    if (wanted_.n == 0) throw ValueError("nothing was measured");
    const double scale = 100 / std::sqrt(std::max(wanted_.variance(), 1e-12));
    return {{"NRMSE", scale * std::sqrt(error_.mean_square()), "%", scale * std::sqrt(persistence_.mean_square()),
             "persistence", false}};
  }

  std::optional<std::string> validates_by() const override { return "NRMSE"; }

  void show(Report& report) const override {
    Plot plot{.title = fmt::format("Forecast {} ahead", count_text(ahead_, "step")),
              .x_label = "step",
              .y_label = "the series' own unit",
              .caption = "The first series of the test split from its start: forecast and true values."};
    plot.series = {truth_, forecast_};
    report.plots({plot});
  }

 private:
  void keep(double y, double said) {
    const double t = shown_++ + ahead_;
    truth_.x.push_back(t);
    truth_.y.push_back(mean_ + deviation_ * y);
    forecast_.x.push_back(t);
    forecast_.y.push_back(mean_ + deviation_ * said);
  }
  // Of the rows that are read side by side; of each, the windows follow one another.
  void begin_group() {
    if (kept_) group_ = kept_->size();
    step_ = 0;
  }
  void keep_line(int row, int step, double y, double said) {
    const std::size_t series = group_ + static_cast<std::size_t>(row);
    if (kept_->size() <= series) kept_->resize(series + 1);
    (*kept_)[series] += fmt::format("{},{},{},{}\n", series + 1, step, csv_text(mean_ + deviation_ * y),
                                    csv_text(mean_ + deviation_ * said));
  }
  int ahead_, shown_ = 0, step_ = 0;
  std::size_t group_ = 0;
  std::optional<std::vector<std::string>> kept_;  // lines by series, or by segment of one
  double mean_, deviation_;
  Moments error_, persistence_, wanted_;
  Series truth_{.name = "true value"}, forecast_{.name = "forecast"};
};

/// Forecasts of a series. Rows are series, or segments of one, read window by window with the state carried over.
///
/// Source    Mackey-Glass, 15 ahead: Voelker, Kajic & Eliasmith 2019
class Forecast final : public Task, public HasNetwork, public HasMeter, public ReadsData {
 public:
  static constexpr TaskOption options[] = {
      {.name = "column", .type = "NAME", .help = "column of a CSV file (default: the last)"},
      {.name = "ahead",
       .help = "forecast horizon in steps (default: 15)",
       .takes = WholeNumber{0, 100'000},
       .none = "0"},
      {.name = "series-length",
       .help = "values per series, of generated data (default: 2000, quick: 600)",
       .takes = WholeNumber{0, 10'000'000},
       .none = "0"},
      {.name = "inputs",
       .type = "NAME,...",
       .help =
           "further columns of a CSV file that the model reads besides the one it forecasts; all: every other one"}};
  explicit Forecast(Inputs& in) : ahead_(in.own.choose_whole("ahead", 15)) {
    load(in);
    const Centring centring(data_.train.series, name_);
    mean_ = centring.mean;
    deviation_ = centring.deviation;
    for (std::size_t k = 0; k < data_.more.size(); ++k)
      more_.emplace_back(std::vector<std::vector<double>>{data_.train.more[k]},
                         fmt::format("'{}', column {}", in.data, data_.more[k]));
    if (centring.digits() < 7)  // less than the precision of float32
      data_.source +=
          fmt::format("; it varies by {:.2g} around {:.2g}: float64 keeps about {:.0f} digits of the variation",
                      deviation_, mean_, std::max(0., std::floor(centring.digits())));
    Moments test;
    for (const auto& s : data_.test.series)
      for (const double x : s) test.add(scaled(x));
    baseline_ = test.mean_square();
  }

  TaskInfo info() const override {
    return {.unit = "variances",
            .speed_unit = "steps",
            .baseline = baseline_,
            .baseline_about = "always predicting the training mean",
            .valid_batches = 1 << 20};
  }

  TaskSettings settings(Size size) const override {
    if (size == Size::quick)
      return {.hidden = 16, .length = 50, .batch = 16, .steps = 300, .lr = 2e-2, .patience = all_validations};
    return {
        .hidden = 64, .length = 100, .batch = 32, .steps = 8000, .lr = 5e-3, .schedule = "one-cycle", .patience = 6};
  }

  Batch batch(const BatchRequest& r) const override {
    const Layout l = layout(r.split, r.length, r.rows);
    const auto number = static_cast<long>(r.number);
    const long window = number % l.windows, group = number / l.windows % l.groups,
               epoch = number / l.windows / l.groups;
    const long spare = l.length - ahead_ - l.windows * r.length;
    const Key key = Key{r.seed}.named("series").at(static_cast<std::uint64_t>(number / l.windows));
    const long shift = r.split == Split::train && spare > 0 ? key.below(static_cast<int>(spare) + 1, 0) : 0;
    const int width = 1 + static_cast<int>(more_.size());
    SeriesBatch b{.x = Array::empty({r.length, l.rows, width}, f32),
                  .y = Array::empty({r.length, l.rows, 1}, f32),
                  .continues = window != 0};
    const auto& all = of(r.split).series;
    for (int row = 0; row < l.rows; ++row) {
      const long which = (group + epoch) % l.groups * l.rows + row;
      const long first = (data_.one ? which * l.length : 0) + shift + window * r.length;
      const double* const from = all[data_.one ? 0 : static_cast<std::size_t>(which)].data() + first;
      for (int t = 0; t < r.length; ++t) {
        float* const x = b.x.data<float>() + (t * l.rows + row) * width;
        *x = scaled(from[t]);
        for (std::size_t k = 0; k < more_.size(); ++k)
          x[k + 1] = more_[k].scaled(of(r.split).more[k][static_cast<std::size_t>(first + t)]);
        b.y.data<float>()[t * l.rows + row] = scaled(from[t + ahead_]);
      }
    }
    return b;
  }

  int batches(Split s, int length, int rows) const override {
    const Layout l = layout(s, length, rows);
    return static_cast<int>(l.windows * l.groups);
  }
  std::string data() const override { return data_.source; }
  std::string left_out(const TaskSettings& s) const override {
    const Layout l = layout(Split::test, s.length, s.batch);
    const long all = l.length - ahead_, rest = all - l.windows * s.length;
    const auto series = static_cast<long>(of(Split::test).series.size()),
               unread = data_.one ? 0 : series - l.groups * l.rows;
    std::string text;
    if (rest > 0)
      text = fmt::format("the rest of each test {2}, {0} of {1}, does not fill a window of T = {3} and is not measured",
                         rest, count_text(double(all), "step"), data_.one ? "segment" : "series", s.length);
    if (unread > 0)
      text += fmt::format("{}{} of {} test series {} left over from batches of {} and not measured",
                          text.empty() ? "" : "; ", unread, series, unread == 1 ? "is" : "are", s.batch);
    return text;
  }
  std::unique_ptr<Meter> meter() const override { return std::make_unique<SeriesMeter>(ahead_, mean_, deviation_); }
  std::unique_ptr<Network> network(const Builder& p, const Recurrence& r) const override {
    return std::make_unique<SeriesNetwork>(p, r, 1 + static_cast<int>(more_.size()));
  }

 private:
  struct Layout {
    int rows;                      // per batch
    long groups, windows, length;  // groups of `rows` rows, windows per group, values per row
  };

  const SeriesSplit& of(Split s) const {
    return s == Split::train ? data_.train : s == Split::valid ? data_.valid : data_.test;
  }
  void load(Inputs& in) {
    if (in.data.empty()) in.data = in.quick ? "generated" : "mackey-glass";
    std::string& given = in.own["series-length"];  // 0 with a file
    if (given == "0") given.clear();
    const auto length = [&](int standard) { return in.own.choose_whole("series-length", standard); };
    if (in.data == "generated") data_ = mackey_glass(16, 8, length(600));
    else if (in.data == "mackey-glass") data_ = mackey_glass(64, 32, length(2000));
    else if (in.data == "lorenz") data_ = lorenz(64, 32, length(2000));
    else if (in.data == "henon") data_ = henon(64, 32, length(2000));
    else {
      if (!given.empty()) throw ValueError("--series-length does not apply to a CSV file");
      in.own.choose_whole("series-length", 0);
      in.data = data_file(in.data, "series expects mackey-glass, lorenz, henon or an existing CSV file");
      data_ = csv_series(in.data, in.own["column"], in.own["inputs"]);
    }
    in.own["column"] = data_.column;                       // likewise without a file
    in.own["inputs"] = data_.one ? in.own["inputs"] : "";  // likewise
    if (data_.one) name_ = fmt::format("'{}', column {}", in.data, data_.column);
  }
  float scaled(double x) const { return static_cast<float>((x - mean_) / deviation_); }

  // One series is split into as many segments as have at least one window, at most `rows`.
  Layout layout(Split split, int T, int rows) const {
    const auto& all = of(split).series;
    const long n = static_cast<long>(all[0].size()), need = T + ahead_;
    if (n < need)
      throw ValueError(
          fmt::format("{}: a split has {}, fewer than the {} of one window ({}, {} ahead): use --length {} "
                      "or less (for the gradients of ebb vanish, --lags {})",
                      name_, count_text(double(n), "value"), need, count_text(T, "step"), ahead_,
                      std::max(1L, n - ahead_), std::max(1L, n - ahead_ - 1)));
    if (!data_.one) {
      const int count = static_cast<int>(all.size()), side_by_side = std::min(rows, count);
      return {side_by_side, count / side_by_side, (n - ahead_) / T, n};
    }
    const long pieces = std::min<long>(rows, n / need), length = n / pieces;
    return {static_cast<int>(pieces), 1, (length - ahead_) / T, length};
  }

  int ahead_;
  SeriesData data_;
  std::string name_ = "series";  // for messages
  double mean_ = 0, deviation_ = 1, baseline_ = 1;
  std::vector<Centring> more_;  // of the further columns
};
EBB_TASK(series, Forecast, "forecast a time series: Mackey-Glass, Lorenz, Henon, or a column of a CSV file");

}  // namespace
}  // namespace ebb::app
