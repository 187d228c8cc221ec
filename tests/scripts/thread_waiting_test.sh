# `ebb` starts itself anew with settings of OpenMP by which waiting threads spin for a short time only, under the same process id and
# with the same arguments. It keeps its environment where the user has chosen such a setting, or one thread.
set -eu
unset OMP_WAIT_POLICY GOMP_SPINCOUNT KMP_BLOCKTIME
settings() {   # settings NAME=VALUE...: those of a training that runs in this environment
  rm -rf run
  env "$@" "$EBB" train adding --steps 1000000 --out run >log 2>&1 &
  local pid=$!
  for _ in $(seq 600); do [ -s run/config.toml ] && break; sleep .1; done   # it has begun
  tr '\0' '\n' <"/proc/$pid/environ" | grep -E '^(OMP_WAIT_POLICY|GOMP_SPINCOUNT|KMP_BLOCKTIME)=' | sort | tr '\n' ' '
  kill "$pid"; wait "$pid" || true
}
expect() {
  local want=$1 got; shift
  got=$(settings "$@")
  [ "$got" = "$want" ] || { cat log; echo "with '$*' the environment has '$got', not '$want'"; exit 1; }
}
expect "GOMP_SPINCOUNT=2000 KMP_BLOCKTIME=0 " OMP_NUM_THREADS=2
expect "" OMP_NUM_THREADS=1
expect "OMP_WAIT_POLICY=active " OMP_NUM_THREADS=2 OMP_WAIT_POLICY=active
expect "GOMP_SPINCOUNT=5 " OMP_NUM_THREADS=2 GOMP_SPINCOUNT=5
expect "KMP_BLOCKTIME=5 " OMP_NUM_THREADS=2 KMP_BLOCKTIME=5
code=0
OMP_NUM_THREADS=2 "$EBB" check 'no such cell' 2>err || code=$?
[ $code = 2 ] && grep -q "no such cell" err || { cat err; echo "arguments with spaces are lost"; exit 1; }
