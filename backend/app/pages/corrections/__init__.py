"""The form of a correction, its result, and the list of a company's corrections."""
