"""What benchmarks/compare does once everything is built and installed. Only Python's own library, so that it also runs, and
says what is missing, where no package can be installed."""
