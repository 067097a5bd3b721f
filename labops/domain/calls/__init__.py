"""Calls: public notices with dates, terms and criteria, frozen once they are published."""
