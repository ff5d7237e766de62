"""Positions: where each camera is, how sure that is, and the way it came."""
