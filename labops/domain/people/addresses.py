"""E-mail addresses: one spelling for one mailbox."""

from __future__ import annotations

from email_validator import EmailNotValidError, validate_email

from labops.kernel.errors import Invalid


def normalised(address: str) -> str:
    """Return the address in lower case and normal form; raises `Invalid` when it cannot be one.

    Whether it can receive mail is shown by the confirmation link, not by asking the network.
    """
    try:
        checked = validate_email(address.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError as error:
        raise Invalid.field("email", "field.not-an-email") from error
    return checked.normalized.lower()
