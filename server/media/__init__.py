"""Media: cameras in (WHIP), viewers out (WHEP), packets forwarded without decoding."""
