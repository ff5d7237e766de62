"""Units: officers with a camera, their registration and what they do now."""
