"""ASGI middleware around all routes; `app/main.py` has its order."""
