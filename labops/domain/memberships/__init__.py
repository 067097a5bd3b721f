"""Memberships: what makes a person a member at a site."""
