"""Watchroom's server: takes cameras in, judges what they report, and shows it to every console."""

__version__ = "0.1.0"
