#pragma once
#include <ebb/experiments/train/task.hpp>

namespace ebb {
class Builder;
}  // namespace ebb

/// What a task can do besides making batches, each a class that it also derives from:
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

/// A network of the task's own, built around the user's recurrence (network.hpp).
class HasNetwork {
 public:
  virtual ~HasNetwork();
  virtual std::unique_ptr<Network> network(const Builder&, const Recurrence&) const = 0;
};

/// A network of the task's own without recurrence: --cell, --layers, --dropout and --zoneout are errors.
class HasFeedForward {
 public:
  virtual ~HasFeedForward();
  virtual std::unique_ptr<Network> network(const Builder&, const TaskSettings&) const = 0;
};

/// Dropout inside the task's own network, besides that of its recurrence.
class HasDropout {
 public:
  virtual ~HasDropout();
  /// The places that there are, each with its default.
  virtual NetworkDropout own_dropout() const = 0;
};

/// More is measured than the loss (measure.hpp).
class HasMeter {
 public:
  virtual ~HasMeter();
  virtual std::unique_ptr<Meter> meter() const = 0;
};

/// Its tokens are the characters of --text: weights keep the alphabet, and the model continues a text.
class HasAlphabet {
 public:
  virtual ~HasAlphabet();
  virtual const Alphabet& alphabet() const = 0;
};

/// What a trained model makes of a request (generate.hpp), for `ebb generate`.
class Generates {
 public:
  virtual ~Generates();
  /// Errors    ValueError if the request is not one for this task
  virtual Generated generate(const Model&, const GenerateRequest&) const = 0;
};

/// Its data are found by --data.
class ReadsData {
 public:
  virtual ~ReadsData();
};

/// The data say how long sequences are: --length is an error.
class FixedLength {
 public:
  virtual ~FixedLength();
};

}  // namespace ebb::app
