"""The waiting list: ordered wishes for taken time, and offers of what becomes free."""
