"""Drawings of the boards as SVG."""
