"""What use of the machines, presence and membership come to over a period."""
