#pragma once
#include <ebb/experiments/train/task.hpp>

namespace ebb {
class Builder;
}  // namespace ebb

/// What a task can do besides making batches. Each ability is a class from which the task also derives:
///
///     class Tags final : public Task, public HasNetwork, public HasDropout, public HasMeter { ... };
///
/// Commands find an ability by its type: `if (const auto* text = task.as<HasAlphabet>()) ...`.
namespace ebb::app {

class Meter;
class Model;
class Network;
struct Alphabet;
struct Generated;
struct GenerateRequest;
struct Recurrence;

/// The task has its own network, built around the user's recurrence (network.hpp).
class HasNetwork {
 public:
  virtual ~HasNetwork();
  virtual std::unique_ptr<Network> network(const Builder&, const Recurrence&) const = 0;
};

/// The task has its own network without recurrence: --cell, --layers, --dropout and --zoneout are errors.
class HasFeedForward {
 public:
  virtual ~HasFeedForward();
  virtual std::unique_ptr<Network> network(const Builder&, const TaskSettings&) const = 0;
};

/// Dropout inside the task's own network, besides that of its recurrence.
class HasDropout {
 public:
  virtual ~HasDropout();
  /// The places that the network has, each with its default.
  virtual NetworkDropout own_dropout() const = 0;
};

/// The task measures more than the loss (measure.hpp).
class HasMeter {
 public:
  virtual ~HasMeter();
  virtual std::unique_ptr<Meter> meter() const = 0;
};

/// Its tokens are the characters of --text. Weights files store the alphabet, and the model can continue a text.
class HasAlphabet {
 public:
  virtual ~HasAlphabet();
  virtual const Alphabet& alphabet() const = 0;
};

/// A trained model can generate (generate.hpp), for `ebb generate`.
class Generates {
 public:
  virtual ~Generates();
  /// Errors    ValueError if the task does not support the request
  virtual Generated generate(const Model&, const GenerateRequest&) const = 0;
};

/// The task reads its data from --data.
class ReadsData {
 public:
  virtual ~ReadsData();
};

/// Its sequences may have any length, and all sequences of a batch of the test split have the length requested. A
/// trained model is tested at lengths beyond those of training (lengths.hpp).
class AnyLength {
 public:
  virtual ~AnyLength();
  /// Number of sequences in the test at one length.
  virtual int sequences_at(int /*length*/) const { return 512; }
  /// The task whose sequences have this length, if its own options determine the length; null if its batches have the
  /// length requested.
  /// Errors    ValueError for a length that it cannot have
  virtual std::unique_ptr<Task> with_length(int /*length*/) const;
  /// Whether `ebb train` tests at other lengths without --test-lengths. `ebb length` always does.
  virtual bool tested_by_default() const { return true; }
  /// The greatest length of training, if that is not --length.
  virtual int trained_length(const TaskSettings& s) const { return s.length; }
  /// The baseline of the reported loss at one length, if it depends on the length.
  virtual std::optional<double> baseline_at(int /*length*/) const { return std::nullopt; }
};

/// The data, or options of the task's own, determine the length of sequences in training: --length is an error.
class FixedLength {
 public:
  virtual ~FixedLength();
};

}  // namespace ebb::app
