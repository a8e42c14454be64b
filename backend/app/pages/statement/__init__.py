"""The ten-year statement as a page shows it, made without a browser, a request or a database."""
