"""Patches for Pure Data, and what renews them."""
