#pragma once

/// The whole library: arrays, the tape, cells and layers, optimisers. Excludes the command's framework
/// (ebb/experiments/...) and <ebb/ops/xtensor.hpp>, which requires xtensor. A cell's file should include only
/// <ebb/nn/cell.hpp>, which compiles in a fraction of the time.

// ---- ops: arrays
#include <ebb/ops/array.hpp>
#include <ebb/ops/denormals.hpp>
#include <ebb/ops/elementwise.hpp>
#include <ebb/ops/error.hpp>
#include <ebb/ops/flops.hpp>
#include <ebb/ops/index.hpp>
#include <ebb/ops/isa.hpp>
#include <ebb/ops/linalg.hpp>
#include <ebb/ops/matmul.hpp>
#include <ebb/ops/memory.hpp>
#include <ebb/ops/parallel.hpp>
#include <ebb/ops/random.hpp>
#include <ebb/ops/reduce.hpp>

// ---- data: files and batches
#include <ebb/data/audio.hpp>
#include <ebb/data/batches.hpp>
#include <ebb/data/csv.hpp>
#include <ebb/data/features.hpp>
#include <ebb/data/idx.hpp>
#include <ebb/data/npy.hpp>
#include <ebb/data/padding.hpp>
#include <ebb/data/stream.hpp>
#include <ebb/data/text_file.hpp>
#include <ebb/data/vocabulary.hpp>
#include <ebb/data/word_vectors.hpp>

// ---- ranks: processes that share a computation
#include <ebb/ranks/gather.hpp>
#include <ebb/ranks/mpi_ranks.hpp>
#include <ebb/ranks/ranks.hpp>
#include <ebb/ranks/text.hpp>
#include <ebb/ranks/thread_ranks.hpp>

// ---- autograd: the tape and derivatives
#include <ebb/autograd/dot.hpp>
#include <ebb/autograd/fuse.hpp>
#include <ebb/autograd/gradcheck.hpp>
#include <ebb/autograd/gradcheck_op.hpp>
#include <ebb/autograd/hessian.hpp>
#include <ebb/autograd/jacobian.hpp>
#include <ebb/autograd/jvp.hpp>
#include <ebb/autograd/nonfinite.hpp>
#include <ebb/autograd/op.hpp>
#include <ebb/autograd/profile.hpp>
#include <ebb/autograd/shards.hpp>
#include <ebb/autograd/trace.hpp>
#include <ebb/autograd/watch.hpp>

// ---- nn: cells, sequences, layers, losses, files
#include <ebb/nn/cell_doc.hpp>
#include <ebb/nn/cell_list.hpp>
#include <ebb/nn/cells/gate_bias.hpp>
#include <ebb/nn/cells/gru.hpp>
#include <ebb/nn/cells/gru_course.hpp>
#include <ebb/nn/cells/lstm.hpp>
#include <ebb/nn/cells/rnn.hpp>
#include <ebb/nn/decoding/beam_search.hpp>
#include <ebb/nn/decoding/ctc_decode.hpp>
#include <ebb/nn/decoding/metrics.hpp>
#include <ebb/nn/decoding/metrics_text.hpp>
#include <ebb/nn/decoding/sample.hpp>
#include <ebb/nn/decoding/scheduled_sampling.hpp>
#include <ebb/nn/files/archive.hpp>
#include <ebb/nn/files/safetensors.hpp>
#include <ebb/nn/files/torch_names.hpp>
#include <ebb/nn/files/weights.hpp>
#include <ebb/nn/init_name.hpp>
#include <ebb/nn/layers/attention.hpp>
#include <ebb/nn/layers/conv.hpp>
#include <ebb/nn/layers/embedding.hpp>
#include <ebb/nn/layers/linear.hpp>
#include <ebb/nn/layers/multi_head_attention.hpp>
#include <ebb/nn/layers/norm.hpp>
#include <ebb/nn/layers/pool.hpp>
#include <ebb/nn/layers/positions.hpp>
#include <ebb/nn/layers/skew.hpp>
#include <ebb/nn/layers/tcn.hpp>
#include <ebb/nn/layers/transformer.hpp>
#include <ebb/nn/losses/class_loss.hpp>
#include <ebb/nn/losses/ctc.hpp>
#include <ebb/nn/losses/loss.hpp>
#include <ebb/nn/params.hpp>
#include <ebb/nn/sequence/bidirectional.hpp>
#include <ebb/nn/sequence/drop_connect.hpp>
#include <ebb/nn/sequence/dropout.hpp>
#include <ebb/nn/sequence/gradcheck_cell.hpp>
#include <ebb/nn/sequence/layer_list.hpp>
#include <ebb/nn/sequence/omega.hpp>
#include <ebb/nn/sequence/recurrent_dropout.hpp>
#include <ebb/nn/sequence/row_dependence.hpp>
#include <ebb/nn/sequence/sequence_layer.hpp>
#include <ebb/nn/sequence/stacked_cell.hpp>
#include <ebb/nn/sequence/step_jacobian.hpp>
#include <ebb/nn/sequence/truncated.hpp>
#include <ebb/nn/sequence/unroll.hpp>
#include <ebb/nn/sequence/unrolled_run.hpp>
#include <ebb/nn/sequence/word_dropout.hpp>
#include <ebb/nn/sequence/zoneout.hpp>

// ---- observe: where gradients go, and why
#include <ebb/observe/attribution.hpp>
#include <ebb/observe/bifurcations.hpp>
#include <ebb/observe/curvature.hpp>
#include <ebb/observe/estimate.hpp>
#include <ebb/observe/extrapolation.hpp>
#include <ebb/observe/fixed_points.hpp>
#include <ebb/observe/flossing.hpp>
#include <ebb/observe/gates.hpp>
#include <ebb/observe/gradient_noise.hpp>
#include <ebb/observe/gradient_norms.hpp>
#include <ebb/observe/jacobians.hpp>
#include <ebb/observe/lanczos.hpp>
#include <ebb/observe/lyapunov.hpp>
#include <ebb/observe/memory_gates.hpp>
#include <ebb/observe/newton.hpp>
#include <ebb/observe/objective.hpp>
#include <ebb/observe/product_norms.hpp>
#include <ebb/observe/product_spectrum.hpp>
#include <ebb/observe/sensitivity.hpp>
#include <ebb/observe/spectral_density.hpp>
#include <ebb/observe/trajectory.hpp>

// ---- online: gradients of recurrent cells without a backward pass through time
#include <ebb/online/eprop.hpp>
#include <ebb/online/influence.hpp>
#include <ebb/online/kf_rtrl.hpp>
#include <ebb/online/online_learner.hpp>
#include <ebb/online/rtrl.hpp>
#include <ebb/online/snap1.hpp>
#include <ebb/online/step_map.hpp>
#include <ebb/online/structure.hpp>
#include <ebb/online/uoro.hpp>

// ---- optim: optimisers, schedules, clipping
#include <ebb/optim/adadelta.hpp>
#include <ebb/optim/adagrad.hpp>
#include <ebb/optim/adam.hpp>
#include <ebb/optim/adamax.hpp>
#include <ebb/optim/adamw.hpp>
#include <ebb/optim/amsgrad.hpp>
#include <ebb/optim/asgd.hpp>
#include <ebb/optim/average.hpp>
#include <ebb/optim/clip.hpp>
#include <ebb/optim/early_stopping.hpp>
#include <ebb/optim/lion.hpp>
#include <ebb/optim/muon.hpp>
#include <ebb/optim/nadam.hpp>
#include <ebb/optim/non_monotone.hpp>
#include <ebb/optim/optimizer_list.hpp>
#include <ebb/optim/radam.hpp>
#include <ebb/optim/rmsprop.hpp>
#include <ebb/optim/schedule.hpp>
#include <ebb/optim/schedule_list.hpp>
#include <ebb/optim/sgd.hpp>
