"""The console's live channel and its pages."""
