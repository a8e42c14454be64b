"""The command line `fde`: a module for each command, and their output."""
