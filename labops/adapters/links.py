"""Links in mails that prove something once: signed, dated, and worthless after the next change.

A link holds the account's id and the revision of its credentials. Setting a password or using a
sign-in link raises the revision, so every older link stops working; nothing is stored. The link
that makes letters stop is another matter: it can do no more, so it works for good.
"""

from __future__ import annotations

from datetime import timedelta

from flask import current_app
from itsdangerous import BadData, URLSafeTimedSerializer

from labops.domain.notifications.kinds import LetterKind
from labops.kernel.errors import NotFound

LIFETIMES = {
    "confirm": timedelta(days=7),
    "reset": timedelta(hours=2),
    "sign-in": timedelta(hours=24),
    # What it offers lapses when the booking begins; this is only as far as anybody books ahead.
    "hand-over": timedelta(days=400),
}
# An offer has a deadline of its own; afterwards its link still says what became of it.
OFFER_LIFETIME = timedelta(days=60)
FIRM_LIFETIME = timedelta(days=30)


def confirmation_link(account_id: int, revision: int) -> str:
    """Return the address that proves a mailbox."""
    return _link("confirm", account_id, revision)


def reset_link(account_id: int, revision: int) -> str:
    """Return the address at which a new password is chosen."""
    return _link("reset", account_id, revision)


def sign_in_link(account_id: int, revision: int) -> str:
    """Return the address that signs in once."""
    return _link("sign-in", account_id, revision)


def hand_over_link(offer_id: int, person_id: int) -> str:
    """Return the address at which a person answers an offer without signing in."""
    return _link("hand-over", offer_id, person_id)


def stop_link(account_id: int, kind: LetterKind) -> str:
    """Return the address that makes a kind of letter stop; it works as long as the account is."""
    token = _signer("letters").dumps([account_id, kind.value])
    return f"{current_app.config['LABOPS'].public_url}/t/{token}/letters"


def read_stop(token: str) -> tuple[int, LetterKind]:
    """Return account id and kind of letter; raises `NotFound` when the token is no good."""
    try:
        account_id, kind = _signer("letters").loads(token)
        return int(account_id), LetterKind(kind)
    except (BadData, TypeError, ValueError) as error:
        raise NotFound from error


def offer_link(offer_uid: str, answer: str = "") -> str:
    """Return the address at which an offer is answered, by whoever got the mail."""
    token = _signer("offer").dumps(offer_uid)
    address = f"{current_app.config['LABOPS'].public_url}/t/{token}/offer"
    return f"{address}/{answer}" if answer else address


def read_offer(token: str) -> str:
    """Return the uid of the offer that a link is for; raises `NotFound` when it is no good."""
    try:
        limit = int(OFFER_LIFETIME.total_seconds())
        return str(_signer("offer").loads(token, max_age=limit))
    except BadData as error:
        raise NotFound from error


def guardian_link(guardian_uid: str) -> str:
    """Return the address of a guardian's page; it works for as long as she is one."""
    token = _signer("guardian").dumps(guardian_uid)
    return f"{current_app.config['LABOPS'].public_url}/t/{token}/guardian"


def read_guardian(token: str) -> str:
    """Return the uid of the guardian that a link is for; raises `NotFound` when it is no good."""
    try:
        return str(_signer("guardian").loads(token))
    except BadData as error:
        raise NotFound from error


def firm_mail_link(firm_uid: str, email: str) -> str:
    """Return the address that proves a firm's mailbox."""
    token = _signer("firm-mail").dumps([firm_uid, email])
    return f"{current_app.config['LABOPS'].public_url}/t/{token}/firm-mail"


def read_firm_mail(token: str) -> tuple[str, str]:
    """Return the firm's uid and the address; raises `NotFound` when the token is no good."""
    limit = int(FIRM_LIFETIME.total_seconds())
    try:
        uid, email = _signer("firm-mail").loads(token, max_age=limit)
        return str(uid), str(email)
    except (BadData, TypeError, ValueError) as error:
        raise NotFound from error


def firm_invitation_link(invitation_uid: str) -> str:
    """Return the address at which an invitation to a firm is accepted."""
    token = _signer("firm-invitation").dumps(invitation_uid)
    return f"{current_app.config['LABOPS'].public_url}/t/{token}/firm-invitation"


def read_firm_invitation(token: str) -> str:
    """Return the uid of the invitation; raises `NotFound` when the token is no good."""
    limit = int(FIRM_LIFETIME.total_seconds())
    try:
        return str(_signer("firm-invitation").loads(token, max_age=limit))
    except BadData as error:
        raise NotFound from error


def read(purpose: str, token: str) -> tuple[int, int]:
    """Return both numbers of a link's token; raises `NotFound` when it is no good.

    They are account id and revision, or of a hand-over the offer's and the person's id.
    """
    limit = int(LIFETIMES[purpose].total_seconds())
    try:
        account_id, revision = _signer(purpose).loads(token, max_age=limit)
        return int(account_id), int(revision)
    except (BadData, TypeError, ValueError) as error:
        raise NotFound from error


def _link(purpose: str, account_id: int, revision: int) -> str:
    token = _signer(purpose).dumps([account_id, revision])
    return f"{current_app.config['LABOPS'].public_url}/t/{token}/{purpose}"


def _signer(purpose: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt=f"labops {purpose} link")
