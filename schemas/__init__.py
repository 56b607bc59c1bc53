"""The single source of truth: one model per table and per source document, and what is generated from them."""

SCHEMA_VERSION = "4"
"""Recorded on every row. Raised whenever a column is added or changes its meaning."""
