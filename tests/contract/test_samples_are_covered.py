"""No recorded sample lies about unused: each is in a test, or is named here with the reason why not."""

from tests.contract import samples, test_answers, test_requests
from tests.contract import test_webhooks_twilio as twilio
from tests.contract import test_webhooks_whatsapp as whatsapp

NOT_OURS = {
    "wa-send-reaction.request.json": "Clarion never reacts to messages",
    "wa-mark-read.request.json": "Clarion does not mark messages as read",
    "tw-send-sms-scheduled.request.txt": "Clarion keeps schedules itself, so that they can be recalled",
    "tw-cancel.request.txt": "only messages scheduled at Twilio can be cancelled there",
    "tw-redact.request.txt": "Clarion does not erase at Twilio",
    "tw-twiml-empty.xml": "the API answers webhooks, not the adapter",
}

READ_ELSEWHERE = {
    "wa-template-create.request.json": "test_definitions",
    "tw-content-create.request.json": "test_definitions",
    "tw-content-approval.request.json": "test_definitions",
    "wa-signature-vectors.json": "test_signatures",
    "tw-signature-vectors.json": "test_signatures",
    "wa-webhook-verify.txt": "test_signatures",
    "wa-error-codes.json": "test_answers",
    "tw-error-codes.json": "test_answers",
    "wa-hook-batch-mixed-entries.json": "test_webhooks_whatsapp",
    "wa-templates-page1.response.json": "test_administration",
    "wa-templates-page2.response.json": "test_administration",
    "wa-phone-number.response.json": "test_administration",
    "tw-content-and-approvals.response.json": "test_administration",
    "tw-content-list.response.json": "test_administration",
    "tw-content-create.response.json": "test_administration",
    "tw-list-page0.response.json": "test_administration",
    "tw-list-last.response.json": "test_administration",
    "tw-fetch-delivered.response.json": "test_administration",
    "tw-fetch-undelivered.response.json": "test_administration",
    "tw-fetch-failed-63016.response.json": "test_administration",
}

IN_TABLES = {
    *test_requests.WHATSAPP,
    *test_requests.TWILIO,
    *test_answers.ACCEPTED,
    *test_answers.REFUSED,
    *test_answers.WITHOUT_ID,
    *whatsapp.STATUSES,
    *(f"wa-hook-inbound-{name}.json" for name in whatsapp.REPLIES),
    *(f"wa-hook-{name}.json" for name in whatsapp.NOTICES),
    *twilio.CALLBACKS,
    *twilio.INBOUND,
}


def test_every_sample_of_the_manifest_is_tested_or_named() -> None:
    assert set(samples.MANIFEST) == IN_TABLES | set(READ_ELSEWHERE) | set(NOT_OURS)


def test_no_sample_is_both_tested_and_named_as_not_ours() -> None:
    assert not set(NOT_OURS) & (IN_TABLES | set(READ_ELSEWHERE))


def test_samples_read_elsewhere_are_read_where_it_says() -> None:
    for file, module in READ_ELSEWHERE.items():
        text = (samples.FOLDER.parent.parent / "contract" / f"{module}.py").read_text("utf-8")
        assert file in text or file.replace("wa-", "{provider}-").replace("tw-", "{provider}-") in text, file


def test_every_file_of_the_manifest_is_there_and_no_other() -> None:
    files = {path.name for path in samples.FOLDER.iterdir()} - {"manifest.json"}
    assert files == set(samples.MANIFEST)
