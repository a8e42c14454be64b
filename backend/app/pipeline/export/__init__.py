"""Compiled statements as files for other programs: CSV, XLSX and Parquet."""
