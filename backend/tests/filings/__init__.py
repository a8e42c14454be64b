"""A generator of annual reports with known truth, for the tests of the readers."""
