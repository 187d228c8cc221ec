"""benchmarks/compare after everything is built and installed. It uses only Python's standard library, so that it also runs, and
lists what is missing, where no package can be installed."""
