"""What the link dropped, uploaded afterwards by the camera and joined to its recording."""
