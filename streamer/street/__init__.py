"""The synthetic street: what the camera on the officer's chest would see of the fictional town."""
