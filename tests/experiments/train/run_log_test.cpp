#include <fmt/format.h>
#include <cmath>
#include <ebb/data/csv.hpp>
#include <ebb/experiments/report/event_file.hpp>
#include <ebb/experiments/train/run_log.hpp>

#include "catch.hpp"
#include "run_ebb.hpp"

namespace run_log_test {

namespace {

double number(const nlohmann::json& x) { return x == "inf" ? INFINITY : x.get<double>(); }

std::vector<ebb::app::CurvePoint> curve_of(const nlohmann::json& golden) {
  std::vector<ebb::app::CurvePoint> curve;
  for (const auto& p : golden["curve"])
    curve.push_back({.step = p[0],
                     .loss = number(p[2]),
                     .gradient_norm = p[3],
                     .clipped = p[4],
                     .seconds = p[1],
                     .lr = p[5],
                     .valid = p[6].is_null() ? NAN : p[6].get<double>()});
  return curve;
}

std::string hex(const std::string& bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

}  // namespace

TEST_CASE("an event file is byte for byte what TensorBoard's writer produces") {
  const auto golden = nlohmann::json::parse(read_all(EBB_SOURCE_DIR "/tests/goldens/tensorboard.json"));
  CHECK(hex(ebb::app::RunLog::events(golden["started"], curve_of(golden))) == golden["hex"].get<std::string>());
}

TEST_CASE("CRC-32C agrees with RFC 3720") {
  std::string rising;
  for (int k = 0; k < 32; ++k) rising += static_cast<char>(k);
  CHECK(ebb::app::crc32c("123456789") == 0xE3069283u);
  CHECK(ebb::app::crc32c("") == 0u);
  CHECK(ebb::app::crc32c(std::string(32, '\0')) == 0x8A9136AAu);
  CHECK(ebb::app::crc32c(std::string(32, '\xFF')) == 0x62A8AB43u);
  CHECK(ebb::app::crc32c(rising) == 0x46DD794Eu);
}

TEST_CASE("a log written point by point has the whole curve's contents after every point") {
  const auto curve = curve_of(nlohmann::json::parse(read_all(EBB_SOURCE_DIR "/tests/goldens/tensorboard.json")));
  TempFolder folder;
  ebb::app::RunLog log{folder / "a.csv", folder / "a.tfevents", 5.5, {curve[0]}};
  for (std::size_t n = 1; n <= curve.size(); ++n) {
    const std::vector<ebb::app::CurvePoint> part(curve.begin(), curve.begin() + static_cast<std::ptrdiff_t>(n));
    CHECK(read_all(folder / "a.csv") == ebb::app::RunLog::csv(part));
    CHECK(read_all(folder / "a.tfevents") == ebb::app::RunLog::events(5.5, part));
    if (n < curve.size()) log.add(curve[n]);
  }
  CHECK(read_all(folder / "a.csv") ==
        "step,seconds,loss,gradient_norm,clipped,lr,valid\n"
        "1,0.1250,1.27674383,3.08033127,1,0.01,\n"
        "2,0.5000,0.851727992,0.75,0,0.005,\n"
        "300,7.7500,0,1e-30,0,1e-05,0.1640625\n"
        "1000000,86400.0000,inf,2,1,0,12345.678\n");
}

TEST_CASE("a continued log is truncated in place if its beginning matches, and replaced if not") {
  const auto curve = curve_of(nlohmann::json::parse(read_all(EBB_SOURCE_DIR "/tests/goldens/tensorboard.json")));
  TempFolder folder;
  const std::string csv = folder / "a.csv", events = folder / "a.tfevents";
  const std::vector<ebb::app::CurvePoint> two(curve.begin(), curve.begin() + 2);
  ebb::app::RunLog{csv, events, 5.5, curve};
  std::ifstream follower(events, std::ios::binary);
  follower.seekg(static_cast<std::streamoff>(ebb::app::RunLog::events(5.5, curve).size()));
  {
    ebb::app::RunLog log{csv, events, 5.5, two};
    CHECK(read_all(csv) == ebb::app::RunLog::csv(two));
    CHECK(read_all(events) == ebb::app::RunLog::events(5.5, two));
    for (std::size_t k = 2; k < curve.size(); ++k) log.add(curve[k]);
    log.add(curve[0]);
  }
  CHECK(follower.peek() != EOF);  // who had read to the end reads on
  ebb::app::RunLog{csv, events, 6.5, two};
  CHECK(read_all(events) == ebb::app::RunLog::events(6.5, two));
}

TEST_CASE("the error for a log that cannot be written names its path") {
  TempFolder folder;
  CHECK_THROWS_WITH((ebb::app::RunLog{folder / "missing/a.csv", folder / "b", 0}),
                    Catch::Matchers::Contains("missing/a.csv") && Catch::Matchers::Contains("No such file"));
}

TEST_CASE("train writes the curve and events of every seed while it runs") {
  TempFolder folder;
  REQUIRE(ebb_command({"train", "adding", "--quick", "--steps", "7", "--seeds", "2", "--schedule", "cosine", "--out",
                       folder / "out"})
              .code == 0);
  for (const std::string seed : {"1", "2"}) {
    std::stringstream lines(read_all(folder / "out/curve-" + seed + ".csv"));
    std::string line, last;
    int count = 0;
    while (std::getline(lines, line)) {
      ++count;
      last = line;
    }
    CHECK(count == 8);
    CHECK(last.starts_with("7,"));
    CHECK(folder.has("out/tensorboard/seed-" + seed + "/events.out.tfevents.ebb"));
  }
  CHECK(read_all(folder / "out/curve-1.csv") != read_all(folder / "out/curve-2.csv"));
}

TEST_CASE("Ebb's own reader can read a curve file") {
  std::vector<ebb::app::CurvePoint> curve;
  for (const double x : {std::nan(""), -std::nan(""), HUGE_VAL, -HUGE_VAL, 1e-300})
    curve.push_back({.step = 1, .loss = x, .gradient_norm = x, .clipped = false, .seconds = 0, .lr = 1, .valid = 2});
  const TempFolder folder;
  const std::string csv = ebb::app::RunLog::csv(curve);
  CHECK(csv.find("-nan") == std::string::npos);
  const ebb::CsvTable t =
      ebb::read_csv(folder.file("curve.csv", csv), {.columns = {"loss"}, .dtype = ebb::f64, .finite = false});
  REQUIRE(t.values.dim(0) == 5);
  for (int k = 0; k < 2; ++k) CHECK(std::isnan(t.values.at({k, 0})));
  CHECK(t.values.at({2, 0}) == HUGE_VAL);
  CHECK(t.values.at({3, 0}) == -HUGE_VAL);
  CHECK(t.values.at({4, 0}) == 1e-300);
}

TEST_CASE("TensorBoard plots validation under the metric's name") {
  TempFolder folder;
  const auto events_of = [&](const std::string& task) {
    const Outcome o = ebb_command({"train", task, "--quick", "--steps", "20", "--hidden", "4", "--out", folder / task});
    INFO(o.err);
    REQUIRE(o.code == 0);
    return read_all(folder / (task + "/tensorboard/events.out.tfevents.ebb"));
  };
  CHECK_THAT(events_of("adding"), Catch::Matchers::Contains("valid/loss"));
  CHECK_THAT(events_of("series"), Catch::Matchers::Contains("valid/NRMSE") && !Catch::Matchers::Contains("valid/loss"));
  CHECK_THAT(events_of("sentiment"),
             Catch::Matchers::Contains("valid/accuracy") && !Catch::Matchers::Contains("valid/loss"));
  CHECK_THAT(ebb::app::RunLog::events(0, {{.step = 1, .valid = 90}}, "exact captions"),
             Catch::Matchers::Contains("valid/exact_captions"));
}

}  // namespace run_log_test
