# Mistakes in a user's task are errors that name the task and the correction, before any work: a command with the task is
# built against the installed package for each of them.
# needs: prefix
set -eu
cat >right.cpp <<'EOF'
#include <cmath>
#include <cstdlib>
#include <ebb/experiments/cli/main.hpp>
#include <ebb/experiments/train/simple_task.hpp>

using namespace ebb;
using namespace ebb::app;

class Echo final : public SimpleTask {
 public:
  static constexpr TaskOption options[] = {{.name = "lag", .help = "steps back", .takes = WholeNumber{1, 99}}};
  explicit Echo(Inputs& in) : lag_(in.own.choose_whole("lag", 3)) {}
  TaskInfo info() const override { return {.unit = "nats/token", .baseline = std::log(8.0), .baseline_about = "a guess"}; }
  SimpleSizes sizes() const override { return {.inputs = TokenInputs{8}, .outputs = 8}; }
  TaskSettings settings(Size) const override { return {.hidden = 4, .length = 10, .batch = 4, .steps = 2}; }
  Batch batch(const BatchRequest& r) const override {
    if (r.length <= lag_) throw ValueError("--length must be greater than --lag");
    const Tokens all = integers({r.length + lag_, r.rows}, Key{r.seed}.at(r.number), 0, 8);
    return SimpleBatch{.inputs = all.range(lag_, r.length + lag_), .targets = EveryStep{all.range(0, r.length)}};
  }
  int batches(Split, int, int) const override { return 1; }

 private:
  int lag_;
};
EBB_TASK(echo, Echo, "a token said again");

int main(int argc, char** argv) { return ebb::app::main(argc, argv); }
EOF
cat >CMakeLists.txt <<'EOF'
cmake_minimum_required(VERSION 3.25)
project(mistakes LANGUAGES CXX)
find_package(ebb REQUIRED)
file(GLOB sources ${CMAKE_CURRENT_SOURCE_DIR}/*.cpp)
foreach(source IN LISTS sources)
  get_filename_component(name ${source} NAME_WE)
  add_executable(${name} ${source})
  target_link_libraries(${name} PRIVATE ebb::app)
  if(first)
    target_precompile_headers(${name} REUSE_FROM ${first})
  else()
    set(first ${name})
    target_precompile_headers(${name} PRIVATE <ebb/experiments/cli/main.hpp> <ebb/experiments/train/simple_task.hpp>)
  endif()
endforeach()
EOF
mistake() {   # mistake NAME MESSAGE SED...: the task, changed by sed, makes a command that says so
  local name=$1 message=$2; shift 2
  sed "$@" right.cpp >"$name.cpp"
  ! cmp -s right.cpp "$name.cpp" || { echo "$name: nothing is changed"; exit 1; }
  echo "$message" >"$name.message"
}
mistake undeclared "the task 'echo' reads the option 'lagg', which it does not declare; did you mean 'lag'?" -e 's/choose_whole("lag"/choose_whole("lagg"/'
mistake kind "the option 'lag' of the task 'echo' is a whole number from 1 to 99: read it with choose_whole" -e 's/choose_whole("lag", 3)/choose_real("lag", 3)/'
mistake default "the default of the option 'lag' of the task 'echo' must be a whole number from 1 to 99, not '0'" -e 's/("lag", 3)/("lag", 0)/'
mistake unread "does not read it from the \`Inputs& in\` that its constructor takes: in.own.choose_whole(\"lag\", ...)" -e 's/(in.own.choose_whole("lag", 3))/(3)/' -e 's/Echo(Inputs& in)/Echo(const Inputs\&)/'
mistake length "length.cpp) declares the option --length, but \`ebb train\` (" -e 's/"lag"/"length"/'
mistake seed "seed.cpp) declares the option --seed, but \`ebb train\` (" -e 's/"lag"/"seed"/'
mistake rows "rows.cpp) declares the option --rows, but \`ebb compare\` (" -e 's/"lag"/"rows"/'
mistake space "space.cpp) declares the option '--my lag': a name consists of lower-case letters, digits, dashes and underscores" -e 's/"lag"/"my lag"/'
mistake capital "capital.cpp) declares the option '--Lag': a name consists of lower-case letters, digits, dashes and underscores" -e 's/"lag"/"Lag"/'
mistake twice "twice.cpp) declares the option --lag twice" -e 's/options\[\] = {\(.*\)};/options[] = {\1, \1};/'
mistake fraction "the default of the option 'lag' of the task 'echo' must be a whole number from 1 to 99, not '2.5'" -e 's/("lag", 3)/("lag", 2.5)/'
mistake random "the task 'echo' makes different batches for the same request: the loss on the first rows of the first training batch is" -e 's/Key{r.seed}/Key{std::uint64_t(std::rand())}/'
mistake vocabulary "the task 'echo': its sizes() have no vocabulary: .inputs = TokenInputs{number of tokens}" -e 's/TokenInputs{8}/TokenInputs{}/'
mistake inputs "the task 'echo': the inputs of its batches are tokens, but its sizes() declare values: .inputs = TokenInputs{vocabulary}" -e 's/.inputs = TokenInputs{8}, //'
mistake small "the task 'echo': its batches have the token 7, but the vocabulary in its sizes() is 5" -e 's/TokenInputs{8}/TokenInputs{5}/'
mistake outputs "the task 'echo': the token 7 is a target, but its sizes() have 1 output: .outputs = number of tokens" -e 's/, .outputs = 8//'
mistake targets "the task 'echo': its batches have no targets: .targets = LastStep{values [B, O]} or EveryStep{tokens [T, B]}" -e 's/, .targets = .*}};/};/'
mistake nothing "a SimpleBatch must have inputs: values [T, B, width] or tokens [T, B]" -e 's/SimpleBatch{.inputs.*/SimpleBatch{};/'
mistake short "the task 'echo': the tokens of EveryStep must be [10, 4], like its inputs, not [9, 4]" -e 's/range(0, r.length)/range(1, r.length)/'
mistake check "--length must be greater than --lag" -e 's/.length = 10/.length = 3/'

cmake -S . -B build -DCMAKE_BUILD_TYPE= -DCMAKE_EXE_LINKER_FLAGS="$EBB_LINK_OPTIONS" -DCMAKE_CXX_COMPILER="$CXX" -DCMAKE_PREFIX_PATH="$EBB_PREFIX" >log || { cat log; exit 1; }
cmake --build build -j2 >log 2>&1 || { cat log; exit 1; }
./build/right train echo --quick --lag 5 --length 6 --out trained     # no length is asked for but that of the run
./build/right vanish --tasks echo --quick --steps 2 --cells rnn --lag 5 --out measured
bad=0
for message in *.message; do
  name=${message%.message} code=0
  "./build/$name" train echo --quick --out none >said 2>&1 || code=$?
  [ $code = 2 ] && grep -qF -e "$(cat "$message")" said || { echo "$name exits with $code, and does not say '$(cat "$message")':"; cat said; bad=1; }
done
[ ! -e none ] || { echo "a mistake leaves a folder behind"; bad=1; }
exit $bad
