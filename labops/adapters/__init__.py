"""The outside world, one small module for each format, device or service labops talks to."""
