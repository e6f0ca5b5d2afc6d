"""`/metrics`: what is counted while the product works, who may read it, and spans where they are wanted."""

import ast
import asyncio
import json
import re
import time
from collections.abc import Iterator
from pathlib import Path

import aiohttp
import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client.parser import text_string_to_metric_families

import clarion
from clarion import bootstrap
from clarion.domain.access import Permission
from clarion.metrics import METRICS, Counted
from clarion.services.access.keys import make_key
from clarion.settings import load_settings
from clarion.telemetry import Traced
from tests.contract.servers import Server, answer
from tests.support.stack import Stack, stack

ROOT = Path(__file__).resolve().parents[2]
SOURCE = Path(clarion.__file__).parent
Samples = dict[tuple[str, tuple[str, ...]], float]


async def _page(running: Stack, **headers: str) -> tuple[int, str]:
    url = f"{running.settings.http.public_url}/metrics"
    async with aiohttp.ClientSession() as http, http.get(url, headers=headers) as answer:
        return answer.status, await answer.text()


def _samples(page: str) -> Samples:
    return {
        (sample.name, tuple(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


async def test_what_happens_is_counted(database_url: str, tmp_path: Path) -> None:
    async with stack(database_url, tmp_path) as running:
        sender = await running.whatsapp(rate=500)
        await running.settled(await running.campaign(sender, await running.people(60)))
        key = (await make_key(running.db, workspace=1, name="t", scopes=list(Permission))).secret
        async with aiohttp.ClientSession(headers={"Authorization": f"Bearer {key}"}) as http:
            api = f"{running.settings.http.public_url}/api/v1"
            for path in ("senders", "senders/snd_999", "nowhere-at-all"):
                async with http.get(f"{api}/{path}"):
                    pass
            async with http.post(
                f"{running.settings.http.public_url}/webhooks/whatsapp", data=b"{}"
            ) as forged:
                assert forged.status == 403
            async with http.get(f"{api}/engine") as answer:
                engine = await answer.json()
            async with http.get(f"{api}/senders/snd_1/health") as answer:
                health = await answer.json()
            async with http.get(f"{running.settings.http.public_url}/readyz") as answer:
                ready = (answer.status, await answer.json())
        status, page = await _page(running)
    assert status == 200
    seen = _samples(page)
    assert seen["clarion_messages_sent_total", ("whatsapp", "accepted")] == 60
    assert seen["clarion_provider_request_seconds_count", ("whatsapp",)] == 60
    assert seen["clarion_queue_wait_seconds_count", ()] == 60
    assert seen["clarion_start_delay_seconds_count", ()] == 60
    assert seen["clarion_marks_total", ("allowed",)] == 60
    assert seen["clarion_webhooks_total", ("whatsapp", "refused")] == 1
    assert seen["clarion_webhooks_total", ("whatsapp", "stored")] > 0
    assert seen["clarion_events_read_total", ("inbox",)] >= 120
    assert seen["clarion_lane_runs_total", ("expand", "done")] >= 1
    assert seen["clarion_api_requests_total", ("list_senders", "2xx")] == 1
    assert seen["clarion_api_requests_total", ("get_sender", "4xx")] == 1
    assert (
        seen["clarion_sender_rate", ("whatsapp", "snd_1")],
        seen["clarion_sender_active", ("whatsapp", "snd_1")],
    ) == (500, 1)
    assert (seen["clarion_database_up", ()], seen["clarion_workers", ()]) == (1, 1)
    assert seen["clarion_database_bytes", ()] > 10_000
    assert seen["clarion_sweep_age_seconds", ()] < 60
    assert seen["process_resident_memory_bytes", ()] > 1_000_000
    assert "nowhere" not in page
    assert "+4477" not in page
    assert health["last_hour"] == {"accepted": 60, "rejected": 0, "not_sent": 0, "unknown": 0}
    assert ready == (200, {"status": "ready", "problems": {}})
    (worker,) = engine["workers"]
    assert (worker["here"], worker["version"]) == (True, clarion.__version__)
    assert engine["loop"]["sweep_age_s"] is not None


async def test_with_a_token_whoever_has_it_is_answered_else_only_this_machine(
    sqlite_url: str, tmp_path: Path
) -> None:
    elsewhere = {"X-Forwarded-For": "203.0.113.9"}
    async with stack(sqlite_url, tmp_path) as running:
        assert (await _page(running))[0] == 200
        status, said = await _page(running, **elsewhere)
        assert (status, "CLARION_METRICS__TOKEN" in said) == (403, True)
    async with stack(sqlite_url, tmp_path, metrics={"token": "see-me"}) as running:
        for given, wanted in (
            ("", 401),
            ("Bearer see-you", 401),
            ("Bearer s\u00e9", 401),
            ("Bearer see-me", 200),
        ):
            sent = {**elsewhere, **({"Authorization": given} if given else {})}
            assert (await _page(running, **sent))[0] == wanted


async def test_the_page_says_when_the_database_is_away(sqlite_url: str, tmp_path: Path) -> None:
    async with stack(sqlite_url, tmp_path) as running:
        async with running.db.transaction() as tx:
            await tx.run("ALTER TABLE workers RENAME TO hidden")
        status, page = await _page(running)
        async with running.db.transaction() as tx:
            await tx.run("ALTER TABLE hidden RENAME TO workers")
    seen = _samples(page)
    assert (status, seen["clarion_database_up", ()]) == (200, 0)
    assert ("clarion_loop_lag_seconds", ()) in seen


def test_every_metric_that_is_counted_is_defined_and_the_other_way_round() -> None:
    written = set(_names_in_code())
    assert written == set(METRICS), "src/clarion/metrics.py and the code do not say the same"


def test_every_metric_says_what_it_means_and_has_few_labels() -> None:
    for name, metric in METRICS.items():
        assert metric.help.endswith("."), name
        assert set(metric.labels) <= {
            "provider", "result", "sender", "lane", "operation", "status", "version", "database"
        }  # fmt: skip
        assert name.endswith("_total") is (metric.kind == "counter"), name
        assert bool(metric.buckets) is (metric.kind == "histogram"), name
    with pytest.raises(KeyError):
        Counted().add("clarion_surprises_total")
    with pytest.raises(ValueError, match="is a counter with the labels result"):
        Counted().add("clarion_marks_total")


def test_counting_a_message_costs_less_than_two_microseconds() -> None:
    counted, best = Counted(), 1.0
    for _ in range(20):
        began = time.perf_counter()
        for _ in range(1_000):
            counted.add("clarion_messages_sent_total", 1, "whatsapp", "accepted")
            counted.time("clarion_provider_request_seconds", 0.04, "whatsapp")
        best = min(best, (time.perf_counter() - began) / 1_000)
    assert best < 2e-6


def test_the_dashboard_shows_what_there_is() -> None:
    board = json.loads((ROOT / "deploy/grafana/clarion.json").read_text("utf-8"))
    panels = [panel for panel in board["panels"] if panel["type"] != "row"]
    assert len(panels) >= 12
    queries = [target["expr"] for panel in panels for target in panel["targets"]]
    assert all(panel["title"] and panel["targets"] for panel in panels)
    named = {name for query in queries for name in re.findall(r"\b(?:clarion|process)_\w+", query)}
    assert {_base(name) for name in named if name.startswith("clarion")} <= set(METRICS)
    assert len({panel["id"] for panel in panels}) == len(panels)


def test_the_alerts_of_the_guide_name_what_there_is() -> None:
    page = (ROOT / "docs/howto/watch-it.md").read_text("utf-8")
    named = set(re.findall(r"\bclarion_[a-z_]+", page))
    assert named
    assert {_base(name) for name in named} <= set(METRICS)


async def test_spans_of_requests_lanes_and_providers_are_kept_where_they_are_wanted(
    sqlite_url: str, tmp_path: Path
) -> None:
    kept, provider = InMemorySpanExporter(), TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    async with stack(sqlite_url, tmp_path, meters=Traced(provider)) as running:
        sender = await running.whatsapp(rate=500)
        await running.settled(await running.campaign(sender, await running.people(3)))
        parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        key = (await make_key(running.db, workspace=1, name="t", scopes=list(Permission))).secret
        url = f"{running.settings.http.public_url}/api/v1/templates?name=%2B447700900001"
        headers = {"Authorization": f"Bearer {key}", "traceparent": parent}
        async with aiohttp.ClientSession(headers=headers) as http, http.get(url) as answer:
            assert answer.status == 200
        assert (await _page(running))[0] == 200  # counted as ever
    spans = kept.get_finished_spans()
    names = {span.name for span in spans}
    assert {"provider.request", "webhook", "lane.expand", "lane.inbox", "api list_templates"} <= names
    asked = next(span for span in spans if span.name == "api list_templates")
    assert f"{asked.context.trace_id:032x}" == "0af7651916cd43dd8448eb211c80319c"
    sent = [span.attributes or {} for span in spans if span.name == "provider.request"]
    assert [each["clarion.result"] for each in sent] == ["accepted"] * 3
    assert "4477009" not in "".join(span.to_json() for span in spans)


async def test_a_provider_gets_no_trace_of_ours(sqlite_url: str, tmp_path: Path) -> None:
    # Nothing instruments the connections to providers, and the spans around them are not put into headers.
    code = "".join(path.read_text("utf-8") for path in SOURCE.rglob("*.py"))
    assert ".inject(" not in code
    assert "instrumentation" not in code


async def test_an_endpoint_is_sent_the_spans_and_a_broken_block_leaks_no_words() -> None:
    async with Server(answer(200)) as collector:
        made = bootstrap.build_meters(load_settings(None, telemetry={"endpoint": collector.url}))
        assert isinstance(made, Traced)
        with pytest.raises(ValueError), made.span("api list_people"):
            raise ValueError("+447700900123 said")
        await asyncio.to_thread(made.close)
    (sent,) = collector.requests
    assert (sent.method, sent.path) == ("POST", "/v1/traces")
    assert b"list_people" in sent.body
    assert b"ValueError" in sent.body
    assert b"4477" not in sent.body
    assert type(bootstrap.build_meters(load_settings(None))) is Counted


def _base(name: str) -> str:
    return name if name in METRICS else re.sub(r"_(bucket|count|sum)$", "", name)


def _names_in_code() -> Iterator[str]:
    """What `meters.add` and `meters.time` are told, and what is looked up in gauges.py."""
    for path in SOURCE.rglob("*.py"):
        text = path.read_text("utf-8")
        for node in ast.walk(ast.parse(text)) if "clarion_" in text else ():
            told = isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args
            if told and isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("add", "time"):
                yield from _words(node.args[0])
            elif path.name == "gauges.py":
                yield from _words(node)


def _words(node: ast.AST) -> Iterator[str]:
    word = node.value if isinstance(node, ast.Constant) else None
    if isinstance(word, str) and word.startswith("clarion_"):
        yield word
