"""What people call the program that fetched a feed."""

from __future__ import annotations

import re

from labops.kernel.text import one_line

LONGEST = 60
# What programs say of themselves, and their name; the first that fits. Some also say a version.
CLIENTS = (
    (r"google-?calendar|calendar.*google|google", "Google Calendar"),
    (r"thunderbird/(?P<version>\d+)", "Thunderbird"),
    (r"thunderbird", "Thunderbird"),
    (r"icsx5/?(?P<version>\d+(\.\d+)?)?", "ICSx⁵"),
    (r"davx5/?(?P<version>\d+(\.\d+)?)?", "DAVx⁵"),
    (r"nextcloud|owncloud", "Nextcloud"),
    (r"proton", "Proton Calendar"),
    (r"fastmail", "Fastmail"),
    (r"evolution/(?P<version>\d+)", "Evolution"),
    (r"evolution", "Evolution"),
    (r"microsoft outlook|outlook|exchange|owa|microsoft office", "Outlook"),
    (r"macos|mac[ _+]os[ _+]x|calendaragent", "Apple (Mac)"),
    (r"dataaccessd|\bios/|iphone|ipad|accountsd", "Apple (iPhone, iPad)"),
    (r"android", "Android"),
    (r"vdirsyncer|khal", "vdirsyncer"),
    (r"home ?assistant", "Home Assistant"),
    (r"firefox/(?P<version>\d+)", "Firefox"),
    (r"edg/(?P<version>\d+)", "Edge"),
    (r"chrome/(?P<version>\d+)", "Chrome"),
    (r"safari", "Safari"),
)
_KNOWN = tuple((re.compile(pattern), name) for pattern, name in CLIENTS)


def client_name(told: str) -> str:
    """Return a short name for a User-Agent header; of an unknown one the first product it names."""
    plain = one_line(told).lower()
    for pattern, name in _KNOWN:
        if found := pattern.search(plain):
            number = found.groupdict().get("version")
            return f"{name} {number}" if number else name
    return one_line(told).partition(" ")[0].partition("/")[0][:LONGEST]
