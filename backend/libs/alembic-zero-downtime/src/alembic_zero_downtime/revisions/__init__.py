"""Revision files: their ids, their order and the file that names the head."""
