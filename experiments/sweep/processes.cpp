#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fmt/format.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <cstring>
#include <ebb/experiments/sweep/workers.hpp>
#include <ebb/ops/error.hpp>
#include <string_view>
#include <utility>

namespace ebb::app::sweep {
namespace {

/// Closed when it goes.
class Descriptor {
 public:
  explicit Descriptor(int file = -1) : file_(file) {}
  ~Descriptor() { close(); }
  Descriptor(Descriptor&& other) noexcept : file_(std::exchange(other.file_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
  }
  int get() const { return file_; }
  void close() {
    if (file_ >= 0) ::close(file_);
    file_ = -1;
  }

 private:
  int file_;
};

Descriptor open_log(const std::string& path) {
  Descriptor log{open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)};
  if (log.get() < 0) throw FileError(fmt::format("cannot write to '{}': {}", path, std::strerror(errno)));
  return log;
}

/// All signals are blocked while it lives: a child must not run this process's handlers before it is a program of its
/// own, which would lose the signal.
class Blocked {
 public:
  Blocked() {
    sigset_t all;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }
  ~Blocked() { release(); }
  Blocked(const Blocked&) = delete;
  Blocked& operator=(const Blocked&) = delete;
  void release() const { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_;
};

/// The environment without what mpirun sets: a trial is a process of its own, not a rank.
std::vector<char*> environment_of_child() {
  constexpr std::array<std::string_view, 9> of_mpi{"OMPI_", "PMIX_",     "PMI_",     "PRTE_",   "HYDRA_",
                                                   "HYDI_", "MPI_LOCAL", "MPIEXEC_", "EBB_MPI="};
  static char alone[] = "EBB_MPI=off";  // launchers that set other variables, such as srun
  std::vector<char*> kept;
  for (char** e = environ; *e; ++e) {
    const std::string_view entry = *e;
    if (std::none_of(of_mpi.begin(), of_mpi.end(), [&](auto begin) { return entry.starts_with(begin); }))
      kept.push_back(*e);
  }
  kept.push_back(alone);
  kept.push_back(nullptr);
  return kept;
}

/// In the child, between fork and exec: only calls that are allowed there.
[[noreturn]] void become(const char* program, char* const* arguments, char* const* environment, const Blocked& signals,
                         int log, int alive, pid_t parent) {
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGPIPE}) {
    struct sigaction now{};
    if (sigaction(signal, nullptr, &now) == 0 && now.sa_handler != SIG_IGN) std::signal(signal, SIG_DFL);
  }
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (getppid() != parent) _exit(130);  // which died before that call
  const int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, STDIN_FILENO);
  dup2(log, STDOUT_FILENO);
  dup2(log, STDERR_FILENO);
  fcntl(alive, F_SETFD, 0);  // it stays open until the program ends
  signals.release();
  execve(program, arguments, environment);
  _exit(127);
}

struct Child {
  std::size_t id;
  pid_t process;
  int threads;
  Descriptor end;  // of a pipe whose other end closes with the process
};

class Processes final : public Workers {
 public:
  Processes(int most, int threads, std::string program)
      : most_(most), threads_(threads), program_(std::move(program)) {}
  ~Processes() override {
    stop();
    for (const Child& child : children_)
      while (waitpid(child.process, nullptr, 0) < 0 && errno == EINTR) continue;
  }

  int free() const override { return most_ - running(); }
  int running() const override { return static_cast<int>(children_.size()); }
  int cores() const override { return threads_; }

  void start(Call call, int waiting) override {
    int idle = threads_;
    for (const Child& child : children_) idle -= child.threads;
    const int share = std::max(1, idle / std::max(1, std::min(free(), waiting)));
    call.words.insert(call.words.end(), {"--threads", std::to_string(share)});
    children_.push_back(child_of(call, share));
  }

  std::vector<Finished> wait(double seconds) override {
    std::vector<pollfd> ends;
    for (const Child& child : children_) ends.push_back({child.end.get(), POLLIN, 0});
    poll(ends.data(), ends.size(), static_cast<int>(std::lround(1000 * seconds)));
    std::vector<Finished> finished;
    for (std::size_t k = children_.size(); k-- > 0;) {
      if (ends[k].revents == 0) continue;
      finished.push_back(end_of(children_[k]));
      children_.erase(children_.begin() + static_cast<std::ptrdiff_t>(k));
    }
    return finished;
  }

  void stop() override {
    for (const Child& child : children_) kill(child.process, SIGTERM);
  }

 private:
  Child child_of(Call& call, int threads) const {
    call.words.insert(call.words.begin(), "ebb");
    std::vector<char*> arguments;
    for (std::string& word : call.words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const std::vector<char*> environment = environment_of_child();
    const Descriptor log = open_log(call.log);
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) != 0) throw Error(fmt::format("no pipe for a child process: {}", std::strerror(errno)));
    Descriptor mine{ends[0]};
    const Descriptor its{ends[1]};
    const pid_t parent = getpid();
    const Blocked signals;
    const pid_t process = fork();
    if (process == 0)
      become(program_.c_str(), arguments.data(), environment.data(), signals, log.get(), its.get(), parent);
    if (process < 0) throw Error(fmt::format("no child process: {}", std::strerror(errno)));
    return {call.id, process, threads, std::move(mine)};
  }

  static Finished end_of(const Child& child) {
    int status = 0;
    rusage used{};
    while (wait4(child.process, &status, 0, &used) < 0 && errno == EINTR) continue;
    const auto seconds = [](const timeval& t) {
      return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
    };
    return {.id = child.id,
            .code = WIFEXITED(status) ? WEXITSTATUS(status) : -1,
            .signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0,
            .cpu_seconds = seconds(used.ru_utime) + seconds(used.ru_stime)};
  }

  int most_, threads_;
  std::string program_;  // /proc/self/exe is this program even if its file was replaced meanwhile
  std::vector<Child> children_;
};

}  // namespace

Workers::~Workers() = default;

std::unique_ptr<Workers> processes(int most, int threads, const std::string& program) {
  return std::make_unique<Processes>(most, threads, program);
}

}  // namespace ebb::app::sweep
