"""The camera: one process stands for one officer's body-worn camera."""
