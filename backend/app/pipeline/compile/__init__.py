"""Compile the statements of several filings of one company into one statement over years."""
