"""People, their accounts, sign-ins, roles and API tokens."""
