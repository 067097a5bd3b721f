"""What people are asked before and after they use a machine, and what they said."""
