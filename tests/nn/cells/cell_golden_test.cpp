#include "cell_golden.hpp"

namespace cell_golden_test {

TEST_CASE("Outputs and all gradients of the shipped cells agree with PyTorch's") {
  test::check_cell(GENERATE(as<std::string>{}, "rnn_tanh", "rnn_relu", "lstm", "gru", "gru_course", "lstm_peephole",
                            "cifg", "lstm_layernorm", "irnn", "janet", "mingru", "minlstm", "fastgrnn", "cornn", "lem",
                            "indrnn", "antisymmetric", "antisymmetric_gate_input", "exprnn", "slstm"));
}

}  // namespace cell_golden_test
