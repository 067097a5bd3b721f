"""How pages call tables, purposes, looks and periods."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from labops.domain.privacy.purposes import Purpose, Seen

PURPOSES = {
    Purpose.NAME_ON_SCREENS: _l("My first name may stand on the screens of the sites"),
    Purpose.PHOTOS: _l("Pictures that show me may be published"),
    Purpose.NEWS: _l("I want to hear of news and events by mail"),
}
LOOKS = {
    Seen.MINOR: _l("the page of a minor"),
    Seen.ACCESSIBILITY: _l("what you need to move and work here"),
}
PERIODS = {
    "bookings": _l("Whose a booking was, and what was written with it"),
    "audit": _l("Who changed what"),
    "looks": _l("Who looked at what is delicate"),
    "visits": _l("Who was in the building when, and which codes were scanned"),
    "evacuations": _l("Names of guests, and who was found in an evacuation"),
    "tokens": _l("Tokens for programs that work no more"),
}
# A table without a name here stands under its own: a test asks for one.
TABLES = {
    "account": _l("How you sign in"),
    "api_token": _l("Tokens for programs"),
    "audit_entry": _l("Changes that you made, and changes to your account"),
    "booking": _l("Bookings"),
    "case_entry": _l("What you did in the files of labs"),
    "certification": _l("Certifications"),
    "certification_suspension": _l("Suspended certifications"),
    "circular_receiver": _l("Circulars that you were sent"),
    "consent": _l("What you agreed to"),
    "declared_interest": _l("Interests in labs that you declared"),
    "erasure_request": _l("That you asked to be erased"),
    "former_account": _l("Accounts of yours that were merged into this one"),
    "feed": _l("Calendar addresses"),
    "firm_person": _l("Firms in which you work"),
    "guardian": _l("Who answers for you"),
    "hand_over": _l("Bookings that you gave or were given"),
    "induction_session": _l("Inductions that you teach"),
    "induction_sign_up": _l("Inductions that you signed up for"),
    "invited": _l("Bookings that your mail program was invited to"),
    "lab_representative": _l("Labs that you speak for"),
    "ledger_account": _l("Your books of hours and money"),
    "letter_choice": _l("Which letters you want"),
    "look": _l("Who looked at what is delicate"),
    "membership": _l("Memberships"),
    "note": _l("Notes that staff wrote about you"),
    "nudge": _l("Reminders of your steps to membership"),
    "onboarding_mark": _l("Steps to membership that staff ticked"),
    "payment": _l("Payments"),
    "person": _l("Who you are"),
    "profile": _l("Your particulars"),
    "quiz_answer": _l("Your answers in quizzes"),
    "quiz_attempt": _l("Your attempts at quizzes"),
    "restriction": _l("Restrictions"),
    "role_grant": _l("Roles"),
    "roll_call_tick": _l("That you were found in an evacuation"),
    "scan": _l("Codes that you scanned"),
    "series": _l("Series of bookings"),
    "sign_in": _l("Where you are or were signed in"),
    "signature": _l("What you signed, and what was signed for you"),
    "skill_card": _l("Cards that show your skills"),
    "strike": _l("Strikes"),
    "subscription": _l("Plans"),
    "top_up": _l("Additions to quotas"),
    "trainer": _l("Machine types that you train for"),
    "incident_echo": _l("Faults that you met as well"),
    "harm_record": _l("Harm that you reported"),
    "maintenance_task": _l("Work that you did on machines"),
    "incident": _l("Faults that you reported"),
    "visit": _l("When you were in the building"),
    "waiting_wish": _l("What you wait for"),
}
