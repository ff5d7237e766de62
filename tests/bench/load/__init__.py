"""What benchmarks measure with: servers to compare, cameras and viewers that cost little, each in its own process."""
