"""Certifications: a person's right to use a machine type. History is kept."""
