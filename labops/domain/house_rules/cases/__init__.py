"""Cases decided by house rules without a database: what `labops rules check` does."""

from __future__ import annotations

from labops.domain.house_rules.cases.deciding import Result, decide
from labops.domain.house_rules.cases.reading import read_cases
from labops.domain.house_rules.cases.values import Case, CaseFile

__all__ = ["Case", "CaseFile", "Result", "decide", "read_cases"]
