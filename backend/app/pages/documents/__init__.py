"""The documents of a company: what was read in each, uploads, and removal."""
