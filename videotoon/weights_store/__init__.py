"""Weights that are not shipped: what can be fetched, fetching it, and finding it again.

Nothing is ever fetched by itself, only on request. What was fetched gets its name when its content
is the pinned one, and is compared with its pin again whenever it is used.
"""
