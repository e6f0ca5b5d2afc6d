"""The demo, whole: real processes, a real campaign, and the simulator's ledger as the judge."""

import signal
import subprocess
import time
from collections import Counter

import psutil
import pytest

from clarion.cli.demo.ledger import Comparison, Ledger
from tests.cli.shell import COMMAND, Ran, Shell

KEYS = (
    *("contacts", "messages", "accepted", "delivered", "read", "failed", "unknown", "duplicates", "lost"),
    *("rate_set", "rate_mean", "rate_max_1s", "throttled", "duration_s"),
)


@pytest.mark.timeout(180)
@pytest.mark.parametrize("provider", ["whatsapp", "twilio"])
def test_everybody_gets_the_message_once_and_the_books_balance(
    clarion: Shell, database_url: str, provider: str
) -> None:
    if database_url.startswith("postgresql"):
        clarion.env["CLARION_DATABASE_URL"] = database_url
    ran = clarion(
        *("demo", "--once", "--json", "--contacts", "120", "--rate", "40", "--provider", provider),
        timeout=150,
    )
    assert ran.code == 0, ran.err
    told = ran.json
    assert tuple(told)[: len(KEYS)] == KEYS
    assert told["contacts"] == 120
    assert told["messages"] == told["accepted"] == told["delivered"] == told["ledger_accepted"] > 100
    assert (told["duplicates"], told["lost"], told["unknown"], told["failed"]) == (0, 0, 0, 0)
    assert told["books_ok"] is True
    assert told["rate_max_1s"] <= 41


@pytest.mark.timeout(180)
def test_with_lost_answers_and_refusals_nothing_is_doubled_lost_or_left_unknown(clarion: Shell) -> None:
    ran = clarion(
        *("demo", "--once", "--json", "--contacts", "150", "--rate", "80", "--faults", "provider"),
        timeout=150,
    )
    assert ran.code == 0, ran.err
    told = ran.json
    assert (told["duplicates"], told["lost"], told["unknown"]) == (0, 0, 0)
    assert told["requests"] > told["messages"]


@pytest.mark.timeout(180)
def test_what_stays_unknown_is_what_the_ledger_lacks_and_one_command_sends_it_again(clarion: Shell) -> None:
    faults = clarion.folder / "faults.json"
    faults.write_text(
        '{"faults": {"reset_before_accept": 0.1, "html_5xx_before_accept": 0.1, "first_attempts": 1}}'
    )
    with Demo(clarion, "--contacts", "80", "--rate", "80", "--faults", str(faults)) as demo:
        text = demo.until("Everything stays up")
        assert "messages are unknown" in text
        listed = demo.run(_after(text, "listed by"))
        people = listed.out.count("\n") - 1
        assert f"The ledger has none of {people} of them" in text
        again = demo.run(_after(text, "sent again by"))
        assert again.code == 0, again.err
        watched = demo.run(_after(text, "listed by").split("export")[0] + "watch 2 --json --every 0.5")
        assert watched.code == 0
        assert f'"audience":{people}' in watched.out.splitlines()[-1]
        assert '"failed":0' in watched.out.splitlines()[-1]


@pytest.mark.timeout(120)
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_no_process_is_left_behind(clarion: Shell, number: signal.Signals) -> None:
    with Demo(clarion, "--contacts", "400", "--rate", "20") as demo:
        demo.until("Nothing is in the way")
        children = psutil.Process(demo.process.pid).children(recursive=True)
        assert len(children) == 2
        demo.process.send_signal(number)
        assert demo.process.wait(timeout=60) == 130
        assert not [child for child in children if child.is_running()]


def test_a_database_with_senders_of_its_own_is_left_alone(clarion: Shell, database_url: str) -> None:
    clarion.env["CLARION_DATABASE_URL"] = database_url
    clarion.whatsapp()
    ran = clarion("demo", "--once", "--contacts", "10")
    assert ran.code == 2
    assert "has senders of its own (shop)" in ran.err
    assert clarion("campaign", "list", "--json").json == []


@pytest.mark.parametrize(
    ("options", "message"),
    [
        pytest.param(["--faults", "nowhere.json"], "neither one of none, provider, bare", id="faults"),
        pytest.param(["--faults", "wrong.json"], "faults.provider_5xx", id="a share above one"),
        pytest.param(["--contacts", "0"], "'--contacts'", id="nobody"),
        pytest.param(["--rate", "-1"], "'--rate'", id="rate"),
        pytest.param(["--keep", "."], "is not empty", id="folder"),
    ],
)
def test_bad_options_are_refused_before_anything_starts(
    clarion: Shell, options: list[str], message: str
) -> None:
    (clarion.folder / "wrong.json").write_text('{"faults": {"provider_5xx": 2}}')
    ran = clarion("demo", "--once", *options)
    assert ran.code == 2
    assert message in ran.err


@pytest.mark.parametrize(
    ("status", "accepted", "refused", "lost"),
    [
        ("delivered", 1, False, 0),
        ("delivered", 0, False, 1),  # shown as reached, but the ledger has nothing
        ("failed", 0, True, 0),
        ("failed", 0, False, 0),
        ("unknown", 0, False, 0),
        ("queued", 0, False, 1),  # forgotten
        ("suppressed", 0, False, 0),
    ],
)
def test_lost_is_what_nobody_can_account_for(status: str, accepted: int, refused: bool, lost: int) -> None:
    person = "5541901234567"
    ledger = Ledger(
        Counter({person: accepted} if accepted else {}), frozenset({person} if refused else ()), {}
    )
    comparison = Comparison()
    comparison.add(f"+{person}", status, ledger)
    assert comparison.lost == lost
    assert comparison.unknown_not_held == (status == "unknown")


def test_duplicates_are_what_the_ledger_accepted_twice_for_one_person() -> None:
    assert Ledger(Counter({"1": 1, "2": 3}), frozenset(), {}).duplicates == 2


class Demo:
    """A demo that stays up, its output in a file."""

    def __init__(self, shell: Shell, *options: str) -> None:
        self._shell = shell
        self._log = shell.folder / "demo.log"
        self._options = options

    def __enter__(self) -> "Demo":
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(
                (*COMMAND, "demo", *self._options),
                cwd=self._shell.folder,
                env=self._shell.environment(),
                stdout=output,
                stderr=output,
            )
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=60)

    def until(self, words: str) -> str:
        """Everything it said, once that holds `words`."""
        deadline = time.monotonic() + 60
        while words not in (text := self._log.read_text("utf-8")):
            assert self.process.poll() is None, f"it ended: {text}"
            assert time.monotonic() < deadline, f"it never said {words!r}: {text}"
            time.sleep(0.1)
        return text

    def run(self, line: str) -> Ran:
        """Type a command that it named, in its folder."""
        setting, _, rest = line.partition("clarion ")
        name, _, value = setting.strip().partition("=")
        return self._shell(*rest.split(), env={name: value})


def _after(text: str, words: str) -> str:
    return next(line.split(words, 1)[1].strip() for line in text.splitlines() if words in line)
