# Writes docs/functions.md to the standard output, from the headers that declare the functions of Var:
#     sh docs/functions.sh > docs/functions.md
# The comment of a declaration has its result and its names in PyTorch and JAX: `Var exp(At x);  // e^x | exp | exp`. If there is no text
# before the first bar, the /// lines above the declaration are used.
set -eu
cd "$(dirname "$0")/.."

cat <<'PAGE'
# Functions of Var

<!-- Written by docs/functions.sh from autograd/functions.hpp and ops/pointwise_functions.inl; edit those. -->

All are in `<ebb/autograd/functions.hpp>`. An operand is a Var or a parameter. PyTorch's names are in `torch`, JAX's in `jax.numpy` or,
where they begin with `nn`, `lax` or `scipy`, in `jax`. Every function can be differentiated to any order.

## Elementwise

They broadcast by numpy's rules. Functions of Arrays have the same names (`<ebb/ops/elementwise.hpp>`, except for the operators `< <= > >=`), and a
lambda passed to `fuse` may call them.

| function | result | PyTorch | JAX |
|---|---|---|---|
PAGE

awk '
  function trim(s) { gsub(/^[ \t]+|[ \t]+$/, "", s); return s }
  function code(s) { return s == "none" ? "none" : "`" s "`" }
  /^EBB_(UNARY|BINARY|TERNARY|COMPARISON)\(/ {
    if (!/\/\//) { getline rest; sub(/^ +/, "", rest); $0 = $0 " " rest }   # clang-format breaks long lines
    kind = $0; sub(/\(.*/, "", kind)
    call = $0; sub(/^[A-Z_]*\([A-Za-z0-9]*, */, "", call); sub(/\) *\/\/.*/, "", call)
    n = split(call, part, /, */)
    if (part[1] ~ /^operator/) {
      sign = substr(part[1], 9)
      shown = kind == "EBB_UNARY" ? sign part[2] : part[2] " " sign " " part[3]
    } else {
      shown = part[1] "("
      for (k = 2; k <= n; ++k) shown = shown (k > 2 ? ", " : "") part[k]
      shown = shown ")"
    }
    text = $0; sub(/.*\/\/ /, "", text)
    if (split(text, field, / \| /) != 3) { print FILENAME ":" FNR ": names of PyTorch and JAX are missing" > "/dev/stderr"; bad = 1 }
    print "| " code(shown) " | " trim(field[1]) " | " code(trim(field[2])) " | " code(trim(field[3])) " |"
  }
  END { exit bad }
' ops/pointwise_functions.inl

cat <<'PAGE'

Any of two or three operands can be a plain number, which takes the tape's element type, except for the condition of `where` and the x
of `clip`. `max(x, 1)` with an integer does not compile, because it reads like a maximum along an axis: that is `amax(x, 1)`, while the
greater of each element and 1 is `max(x, 1.0)`.
PAGE

awk '
  function trim(s) { gsub(/^[ \t]+|[ \t]+$/, "", s); return s }
  function code(s) { return s == "none" ? "none" : "`" s "`" }
  /^\/\/ ---- / {
    title = substr($0, 9); sub(/:.*/, "", title)
    if (title != "elementwise") print "\n## " toupper(substr(title, 1, 1)) substr(title, 2) "\n\n| function | result | PyTorch | JAX |\n|---|---|---|---|"
    about = ""; next
  }
  /^(Var|Tokens) / {   # clang-format breaks long lines
    while ($0 !~ /\/\// && $0 !~ /[;{]$/ && (getline rest) > 0) { sub(/^ +/, "", rest); $0 = $0 " " rest }
  }
  /^\/\/\/ / { about = about (about == "" ? "" : " ") substr($0, 5); next }
  title != "elementwise" && title != "" && /\/\/ .*\| .*\| / {
    text = $0; sub(/^.*\/\/ /, "", text)
    shown = $0; sub(/;? *(\{ *)?\/\/ .*/, "", shown); sub(/ *\{ *$/, "", shown)
    gsub(/template <int N> std::array<Var, N> split/, "split<N>", shown); gsub(/^(Var|Tokens) /, "", shown)
    gsub(/, std::source_location where = std::source_location::current\(\)/, "", shown)
    gsub(/(At|Arg|Shape|Axes|Keep|VarList|int|double|const Tokens&|const Array&|std::initializer_list<int>) /, "", shown)
    gsub(/std::initializer_list<int> /, "", shown)
    gsub(/ = \{\}/, " = all", shown)
    before = text; sub(/\|.*/, "", before)
    if (trim(before) != "") about = trim(before)
    rest = text; sub(/^[^|]*\| /, "", rest)
    if (split(rest, field, / \| /) != 2) { print FILENAME ":" FNR ": names of PyTorch and JAX are missing" > "/dev/stderr"; bad = 1 }
    print "| " code(shown) " | " about " | " code(trim(field[1])) " | " code(trim(field[2])) " |"
    about = ""; next
  }
  title != "elementwise" && title != "" && /^(Var|Tokens) .*\);/ && !/split_into/ {
    print FILENAME ":" FNR ": what is this called in PyTorch and JAX?" > "/dev/stderr"; bad = 1
  }
  { if ($0 !~ /split_into/) about = "" }
  END { exit bad }
' autograd/functions.hpp

cat <<'PAGE'

There is no einsum, because its string would have to be parsed at every step. `matmul` with batches and transposed operands, `outer`, and
`sum` of products express what cells need, and errors name the op in the source.

## Several elementwise functions at once

`fuse(lambda, operands...)` (`<ebb/autograd/fuse.hpp>`) compiles a lambda of elementwise functions into one pass, and its gradient into
another; the compilers of PyTorch and JAX do this automatically. [writing-a-cell.md](writing-a-cell.md) has an example. Other functions must be
applied before or after: a lambda that calls one does not compile, and the error says so.
PAGE
