"""Draw pages of PDFs with boxes around the figures that were read on them."""
