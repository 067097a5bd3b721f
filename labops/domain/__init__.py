"""What the words of the glossary mean. One package a noun; knows nothing of the web."""
