"""What a TASER says of itself: its log, brought in afterwards, on the same clock as everything else."""
