"""Compare what is read from a folder of filings with the truth, and measure time and memory."""
