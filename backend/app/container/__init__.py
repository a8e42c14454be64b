"""The image: its process 1, and its health command. Neither needs an installed package."""
