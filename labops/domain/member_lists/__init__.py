"""A site's members as a file: brought in from elsewhere, and out again."""
