"""Where a figure comes from as a page shows it, made without a browser, a request or a database."""
