"""A lab in the words of schema.org, for the machines that read its page."""

from __future__ import annotations

import json
from typing import Any

from labops.adapters.open_data.records import clock
from labops.domain.labs.states import Access
from labops.domain.labs.views import LabView
from labops.domain.machines.processes import process_name

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_DAY = 1440


def lab_in_words(lab: LabView, root: str, language: str) -> str:
    """Return JSON-LD that may stand inside a page: no sign of it ends a script."""
    text = json.dumps(_lab(lab, root, language), ensure_ascii=False)
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _lab(lab: LabView, root: str, language: str) -> dict[str, Any]:
    address = f"{root}/labs/{lab.slug}"
    told: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "LocalBusiness",
        "@id": address,
        "url": address,
        "name": lab.public_name,
        "description": lab.description(language),
        "sameAs": lab.website,
        "email": lab.email,
        "telephone": lab.phone,
        "knowsLanguage": list(lab.languages),
        "makesOffer": [
            {
                "@type": "Offer",
                "itemOffered": {"@type": "Service", "name": process_name(process, language)},
            }
            for process in lab.processes
        ],
        "openingHoursSpecification": [
            {
                "@type": "OpeningHoursSpecification",
                "dayOfWeek": f"https://schema.org/{_DAYS[weekday]}",
                "opens": clock(opens),
                "closes": clock(closes % _DAY),
            }
            for weekday, opens, closes in lab.hours
        ],
        "amenityFeature": [
            {
                "@type": "LocationFeatureSpecification",
                "name": "wheelchair",
                "value": Access.STEP_FREE in lab.accessibility,
            }
        ],
    }
    if lab.place:
        told["address"] = {
            "@type": "PostalAddress",
            "streetAddress": lab.place.street,
            "postalCode": lab.place.postcode,
            "addressLocality": lab.place.city,
            "addressCountry": lab.place.country,
        }
        if lab.place.point:
            told["geo"] = {
                "@type": "GeoCoordinates",
                "latitude": lab.place.latitude,
                "longitude": lab.place.longitude,
            }
    return {name: value for name, value in told.items() if value not in ("", [])}
