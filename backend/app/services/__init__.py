"""Use cases of the product, independent of HTTP and of the command line."""
