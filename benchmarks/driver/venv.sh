# Sourced by benchmarks/compare and benchmarks/train, after cmake/setup.sh: the Python environment of the other frameworks.
# One that cannot be installed is listed as missing by the driver, and the others run.
venv=$root/build/compare/venv

has_venv() { python3 -c 'import ensurepip'; }
pip_has() { "$venv/bin/python" -c "import importlib.metadata as m; assert m.version('$1').startswith('$2')" 2>/dev/null; }
pip_needs() {  # pip_needs PACKAGE VERSION-PREFIX SPECIFICATION
  pip_has "$1" "$2" || timed "installing $3" quietly "$venv/bin/pip" install -q --disable-pip-version-check "$3" || true
}

ensure_venv() {
  ensure_packages 'python3-venv has_venv' || true
  [ -x "$venv/bin/pip" ] || timed "making build/compare/venv" python3 -m venv --clear "$venv" || rm -rf "$venv"
  [ -x "$venv/bin/pip" ] || return 0
  pip_needs torch 2.13.0 torch==2.13.0
  pip_needs jax 0.10. 'jax>=0.10,<0.11'
}
