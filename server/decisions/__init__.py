"""The commander's view (mission.md, N7): what stood on the screen on which somebody decided."""
