"""Read generated and damaged files with each reader, and look for tracebacks, hangs and lies."""
