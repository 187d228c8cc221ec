# docs/functions.md equals the output of docs/functions.sh for the current headers, and a function without its names in
# PyTorch and JAX is an error.
set -eu
sh "$EBB_SOURCE/docs/functions.sh" >functions.md
diff "$EBB_SOURCE/docs/functions.md" functions.md || { echo "run: sh docs/functions.sh > docs/functions.md"; exit 1; }

mkdir -p copy/docs copy/ops copy/autograd
cp "$EBB_SOURCE/docs/functions.sh" copy/docs
cp "$EBB_SOURCE/ops/pointwise_functions.inl" copy/ops
sed 's/^Var flip(At x, int axis);.*/Var flip(At x, int axis);/' "$EBB_SOURCE/autograd/functions.hpp" >copy/autograd/functions.hpp
! sh copy/docs/functions.sh >/dev/null 2>message || { echo "a function without names is accepted"; exit 1; }
grep -q 'autograd/functions.hpp:[0-9]*: what is this called in PyTorch and JAX?' message
cp "$EBB_SOURCE/autograd/functions.hpp" copy/autograd
sed 's/^\(EBB_UNARY(Exp, .*\) | exp | exp/\1/' "$EBB_SOURCE/ops/pointwise_functions.inl" >copy/ops/pointwise_functions.inl
! sh copy/docs/functions.sh >/dev/null 2>message || { echo "an elementwise function without names is accepted"; exit 1; }
grep -q 'pointwise_functions.inl:[0-9]*: names of PyTorch and JAX are missing' message
