"""Access: who is signed in, what they may do, and which camera is which."""
