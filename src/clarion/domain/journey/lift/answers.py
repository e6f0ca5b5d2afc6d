"""Edges for what a reply may say."""

from dataclasses import dataclass

from clarion.domain.journey.lift.draft import Draft
from clarion.domain.journey.lift.patterns import carry
from clarion.domain.journey.lift.report import Report, brief
from clarion.domain.journey.regex import BadPattern
from clarion.domain.journey.words import fold

MOST_WORDS = 200
LONGEST_PAYLOAD = 256
UNREADABLE = "pattern not carried over"
"""The words of the edge that stands where a pattern could not be carried: no reply has them by chance."""


@dataclass(frozen=True, slots=True)
class Answers:
    """Draws edges that replies take, and tells the report what is different."""

    draft: Draft
    report: Report
    name_groups: bool = False

    def payload(self, node: str, to: str, values: tuple[str, ...], where: str) -> None:
        """One edge for each payload."""
        if not values:
            self.report.lost(where, f"Its way to {self._shown(to)} names no button: it was left out.")
        for value in values:
            if len(value) > LONGEST_PAYLOAD:
                self.report.lost(
                    where,
                    f"The payload {brief(value)!r} is longer than {LONGEST_PAYLOAD} characters: it was left out.",
                )
            else:
                self.draft.draw(node, to, "payload", value=value)

    def keywords(self, node: str, to: str, words: tuple[str, ...], match: str, where: str) -> None:
        """One edge; words without a letter, digit or emoji cannot be looked for."""
        usable = [word for word in words if fold(word)]
        for word in words:
            if word not in usable:
                self.report.lost(where, f"The keyword {brief(word)!r} has no letter, digit or emoji.")
        if len(usable) > MOST_WORDS:
            self.report.lost(where, f"Only the first {MOST_WORDS} of its {len(usable)} keywords were kept.")
        if usable:
            fields = {} if match == "any" else {"match": match}
            self.draft.draw(node, to, "keywords", words=usable[:MOST_WORDS], **fields)
        else:
            self.report.lost(where, f"Its way to {self._shown(to)} has no keyword: it was left out.")

    def regex(self, node: str, to: str, source: str, where: str, *, whole: bool = False) -> None:
        """One edge; where RE2 cannot read the pattern, one that nobody takes and everybody sees."""
        try:
            found = carry(source, name_groups=self.name_groups, whole=whole)
        except BadPattern as problem:
            said = str(problem).removeprefix("the pattern cannot be used: ")
            self.report.lost(
                where,
                f"The pattern {brief(source)!r} to {self._shown(to)} cannot be used: {said}. An edge with the "
                f"words {UNREADABLE!r} stands in its place: write keywords, or a pattern RE2 can read.",
            )
            self.draft.draw(node, to, "keywords", words=[UNREADABLE], match="exact", note=brief(source, 200))
            return
        for remark in found.remarks:
            self.report.changed(where, f"The pattern {brief(source)!r}: {remark}.")
        self.draft.draw(node, to, "regex", pattern=found.pattern)

    def _shown(self, node: str) -> str:
        return repr(self.draft.origin.get(node) or node)
