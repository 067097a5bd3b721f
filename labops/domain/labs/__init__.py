"""Labs: who they are, where, what they make things with, and who speaks for them."""
