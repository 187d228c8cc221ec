#include "cell_golden.hpp"

namespace cell_golden_test {

TEST_CASE("Outputs and all gradients of the shipped cells agree with PyTorch's") {
  test::check_cell(GENERATE(as<std::string>{}, "rnn_tanh", "rnn_relu", "lstm", "gru", "gru_course", "lstm_peephole",
                            "cifg", "lstm_layernorm", "irnn", "janet", "mingru", "minlstm", "fastgrnn", "cornn", "lem",
                            "indrnn", "antisymmetric", "antisymmetric_gate_input", "exprnn", "slstm", "minimalrnn",
                            "mi_lstm", "np_rnn", "lstm_fgr", "sru", "unicornn", "rhn", "clockwork",
                            "mingru_eigenvalues_signed", "qrnn", "qrnn_pool_f", "qrnn_pool_ifo", "lru",
                            "lru_real_eigenvalues_positive", "lru_real_eigenvalues_signed", "lmu", "mlstm", "s4d",
                            "lstm_original", "lstm_original_gradient_truncated"));
}

TEST_CASE("Each variant of the LSTM agrees with PyTorch") {
  test::check_cell("lstm_greff_variant_" +
                   GENERATE(as<std::string>{}, "vanilla", "nig", "nfg", "nog", "niaf", "noaf", "np", "cifg"));
}

}  // namespace cell_golden_test
