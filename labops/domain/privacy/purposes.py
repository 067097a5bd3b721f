"""What a person may agree to, each for itself, and take back as easily."""

from __future__ import annotations

from enum import StrEnum

# Whom old bookings belong to: nobody that anybody could name.
NOBODY_UID = "nobody-any-more"


class Purpose(StrEnum):
    """Something that nothing but her own consent allows (GDPR, article 6 (1) a)."""

    NAME_ON_SCREENS = "name-on-screens"
    PHOTOS = "photos"
    NEWS = "news"


class Seen(StrEnum):
    """What is written down when somebody who works here looks at it."""

    MINOR = "minor"
    ACCESSIBILITY = "accessibility"
