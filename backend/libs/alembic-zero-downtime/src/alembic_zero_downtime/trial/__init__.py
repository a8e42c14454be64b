"""Try new revisions on a disposable server before they are written."""
