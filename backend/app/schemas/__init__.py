"""The shapes of what the API returns."""
