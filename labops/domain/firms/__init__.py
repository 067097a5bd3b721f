"""Firms: companies with several people, who book on the firm's plan and ask labs for work."""
