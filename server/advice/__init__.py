"""Advice: words from command to an officer, and the proof that they were heard."""
