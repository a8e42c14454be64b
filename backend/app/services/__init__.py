"""What the product does with its data, without HTTP and without a command line."""
