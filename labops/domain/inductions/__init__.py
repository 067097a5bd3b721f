"""Inductions: teaching sessions on a machine type, which claim time and lead to certifications."""
