"""`/docs` and `/redoc`: the reference of the API as pages, from files that this program serves."""
