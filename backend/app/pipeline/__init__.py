"""Filings in, proved statements out: pure functions without a database session or HTTP."""
