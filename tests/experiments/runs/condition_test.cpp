#include <ebb/experiments/runs/condition.hpp>
#include <ebb/ops/error.hpp>

#include "catch.hpp"
#include "message_of.hpp"

namespace condition_test {

using Catch::Matchers::Contains;
using ebb::app::runs::condition_sql;
using ebb::app::runs::known_column;

const std::vector<std::string> columns{"run", "cell", "valid", "lr", "checkpoint_every", "order", "tags"};

std::string sql(const std::string& text) { return condition_sql(text, columns); }
std::string error(const std::string& text) {
  return test::message_of<ebb::ValueError>([&] { sql(text); });
}

TEST_CASE("a condition becomes SQL word by word, with names of columns in quotes") {
  CHECK(sql("cell = 'gru' and valid < 1.6") == R"("cell" = 'gru' and "valid" < 1.6)");
  CHECK(sql("NOT(Cell LIKE 'rnn%')or lr>=1e-3") == R"(not ( "cell" like 'rnn%' ) or "lr" >= 1e-3)");
  CHECK(sql("cell in ('it''s', \"cell\")") == R"("cell" in ( 'it''s' , "cell" ))");
  CHECK(sql("round(valid, 1) <> .5") == R"(round ( "valid" , 1 ) <> .5)");
}

TEST_CASE("a dash belongs to a name where a column has it, and is a minus elsewhere") {
  CHECK(sql("checkpoint-every > 0") == R"("checkpoint_every" > 0)");
  CHECK(sql("valid-lr < 0") == R"("valid" - "lr" < 0)");
  CHECK(sql("valid-1 < 0") == R"("valid" - 1 < 0)");
  CHECK(sql("order = 'permuted'") == R"("order" = 'permuted')");  // a word of SQL
}

TEST_CASE("an unknown column is named, with the nearest one") {
  CHECK_THAT(error("vaild < 1"), Contains("no run has a column 'vaild'; did you mean 'valid'?"));
  CHECK_THAT(error("cell = gru"), Contains("'gru'") && Contains("single quotes, as in cell = 'gru'"));
  CHECK_THAT(error("cell = \"gru\""), Contains("no run has a column 'gru'"));
  CHECK(known_column("Checkpoint-Every", columns) == "checkpoint_every");
  CHECK_THAT(test::message_of<ebb::ValueError>([] { known_column("tag", columns); }), Contains("did you mean 'tags'?"));
}

TEST_CASE("a number is compared with a number, and nothing with null") {
  const auto is_number = [](const std::string& column) { return column == "lr" || column == "checkpoint_every"; };
  const auto why = [&](const std::string& text) {
    return test::message_of<ebb::ValueError>([&] { (void)condition_sql(text, columns, is_number); });
  };
  for (const char* text : {"lr < '0.0001'", "'abc' >= lr", "lr = 'abc'", "lr in ('1', 2)", "lr not in ('1')",
                           "lr between '1' and 2", "lr not between '1' and 2", "not (checkpoint-every != 'x')"})
    CHECK_THAT(why(text), Contains(" is a number, so what it is compared with is written without quotes"));
  CHECK_THAT(why("lr < '0.1'"), Contains("lr is a number") && Contains("not as '0.1'"));
  for (const char* text : {"cell < 'a'", "lr like '1%'", "lr < 0.1 and cell = 'gru'", "'a' = cell or lr > 1"})
    CHECK_NOTHROW(condition_sql(text, columns, is_number));
  CHECK_THAT(error("valid = null"), Contains("use is null"));
  CHECK_THAT(error("valid <> NULL"), Contains("use is not null"));
  CHECK(sql("valid is not null") == R"("valid" is not null)");
}

TEST_CASE("a condition that breaks off is incomplete") {
  for (const char* text :
       {"cell =", "valid < 1 and", "valid <", "(valid <) or lr > 1", "cell in", "not", "valid < or 1"})
    CHECK_THAT(error(text), Contains("it is incomplete: nothing follows "));
  CHECK_THAT(error("cell ="), Contains("nothing follows ="));
  CHECK(known_column(" valid ", columns) == "valid");
}

TEST_CASE("nothing else of SQL passes") {
  CHECK_THAT(error("valid < 1; drop table runs"), Contains("';' has no meaning here"));
  CHECK_THAT(error("valid in (select valid from runs)"), Contains("no run has a column 'select'"));
  CHECK_THAT(error("load_extension('x')"), Contains("there is no function 'load_extension'"));
  CHECK_THAT(error("valid = ?"), Contains("'?' has no meaning here"));
  CHECK(sql("valid --lr") == R"("valid" - - "lr")");  // no comment
  CHECK_THAT(error("valid /* lr"), Contains("no") || Contains("meaning"));
  CHECK_THAT(error("cell = 'gru"), Contains("a ' is not closed"));
  CHECK_THAT(error("(valid < 1"), Contains("not closed"));
  CHECK_THAT(error("valid < 1) or (1"), Contains("closed that was not opened"));
  CHECK_THAT(error("valid < 1e"), Contains("'1e' is not a number"));
  CHECK_THAT(error(""), Contains("empty"));
}

}  // namespace condition_test
