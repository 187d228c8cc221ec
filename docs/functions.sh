# Writes docs/functions.md to the standard output, from the headers that declare the functions of Var:
#     sh docs/functions.sh > docs/functions.md
# A declaration says in its comment what it gives, and what PyTorch and JAX call it: `Var exp(At x);  // e^x | exp | exp`; where
# nothing stands before the first bar, the lines /// above it are taken.
set -eu
cd "$(dirname "$0")/.."

cat <<'PAGE'
# Functions of Var

<!-- Written by docs/functions.sh from autograd/functions.hpp and ops/pointwise_functions.inl; edit those. -->

All are in `<ebb/autograd/functions.hpp>`. An operand is a Var or a parameter. PyTorch's names are in `torch`, JAX's in `jax.numpy` or,
where they begin with `nn`, `lax` or `scipy`, in `jax`. Every function can be differentiated to any order.

## Elementwise

They broadcast by numpy's rule. The same names serve Arrays (`<ebb/ops/elementwise.hpp>`, operators `< <= > >=` excepted), and they
are what a lambda given to `fuse` may call.

| function | result | PyTorch | JAX |
|---|---|---|---|
PAGE

awk '
  function trim(s) { gsub(/^[ \t]+|[ \t]+$/, "", s); return s }
  function code(s) { return s == "none" ? "none" : "`" s "`" }
  /^EBB_(UNARY|BINARY|TERNARY|COMPARISON)\(/ {
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

Of two or three operands any may be a plain number, which takes the tape's element type, but for the condition of `where` and the x
of `clip`. `max(x, 1)` with a whole number does not compile, since it reads like a maximum along an axis: that is `amax(x, 1)`; the
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

There is no einsum: its string would have to be read at every step. `matmul` with its batches and transposed operands, `outer`, and
`sum` of products say what cells need, and errors name the op that was written.

## Several elementwise functions at once

`fuse(lambda, operands...)` (`<ebb/autograd/fuse.hpp>`) makes one pass of a lambda of elementwise functions, and one of its gradient;
PyTorch's and JAX's compilers do this unasked. [writing-a-cell.md](writing-a-cell.md) has an example. Other functions are applied before
or after: a lambda that calls one does not compile, and the error says so.
PAGE
