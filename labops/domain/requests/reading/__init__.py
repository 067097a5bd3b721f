"""Reading a need from a firm's words: offline, by a vocabulary that is data."""
