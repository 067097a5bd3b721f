"""Onboarding: the steps from applicant to member, as each site composes them."""
