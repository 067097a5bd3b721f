"""House rules: what a site decided, as versioned data at several levels."""
