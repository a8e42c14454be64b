"""Generated models: what autogenerate writes for them runs, lints clean and reaches them."""
