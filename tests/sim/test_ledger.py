"""The ledger keeps every request and counts while it does."""

from pathlib import Path

import orjson

from clarion.sim.ledger import Entry, Ledger, Outcome

SECOND = 1_000_000_000


def entry(n: int, outcome: Outcome = Outcome.ACCEPTED, *, content: int | None = None) -> Entry:
    """Request number n, one a millisecond."""
    number = n if content is None else content
    return Entry(
        n * 1_000_000, "whatsapp", "1", f"+4477009{n:05d}", f"a-{n}", number, outcome, provider_id=f"w-{n}"
    )


def test_a_ledger_longer_than_one_piece_is_whole() -> None:
    ledger = Ledger()
    for n in range(1, 5_001):
        ledger.add(entry(n))
    lines = b"".join(ledger.rows(0, 10_000)).splitlines()
    assert [orjson.loads(line)["seq"] for line in lines] == list(range(1, 5_001))
    assert [orjson.loads(line)["seq"] for line in b"".join(ledger.rows(2_999, 2)).splitlines()] == [
        3_000,
        3_001,
    ]
    assert len(b"".join(ledger.accepted()).splitlines()) == 5_000


def test_only_accepted_requests_can_be_duplicates() -> None:
    ledger = Ledger()
    for outcome in Outcome:
        for _ in range(3):
            ledger.add(entry(7, outcome))
    total = ledger.stats()["total"]
    assert isinstance(total, dict)
    assert (total["requests"], total["accepted"], total["duplicates"], total["distinct_recipients"]) == (
        12,
        3,
        2,
        1,
    )
    assert total["refused"] == total["throttled"] == total["dropped"] == 3


def test_the_same_content_twice_is_one_duplicate_and_another_content_is_none() -> None:
    ledger = Ledger()
    for content in (1, 2, 1):
        ledger.add(entry(7, content=content))
    assert ledger.total.as_dict(0)["duplicates"] == 1
    assert ledger.total.as_dict(0)["duplicates_by_recipient"] == 2


def test_the_file_is_appended_to_and_complete_after_closing(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    for _ in range(2):
        ledger = Ledger(path)
        for n in range(1, 1_001):
            ledger.add(entry(n))
        ledger.close()
    assert len(path.read_bytes().splitlines()) == 2_000
