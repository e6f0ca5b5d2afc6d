"""Files of people: uploads, what they look like, and their imports."""

from typing import Annotated, Literal

from pydantic import Field

from clarion.api.fields import Body, CampaignId, ImportId, ListId, Shown, Time, UploadId, text
from clarion.api.schemas.contacts import Country
from clarion.api.schemas.lists import ListName

Mapping = Annotated[
    dict[Annotated[str, text(100, least=1)], Annotated[str, text(1_000, least=1)]],
    Field(min_length=1, max_length=500, examples=[{"phone": "telefone", "name": "nome"}]),
]
"""Attribute -> column. `phone` must be among the attributes."""
MappingName = Annotated[str, text(100, least=1, examples=["CRM export"])]
Verdict = Literal["accepted", "corrected", "duplicate", "invalid", "opted_out"]


class Upload(Shown):
    """A file that is stored whole. It is removed after seven days, unless it is being imported then."""

    id: UploadId
    name: str
    size: int
    """Bytes."""
    sha256: str
    """Of its bytes, in hex: compare it with yours."""
    created_at: Time


class Hints(Body):
    """What you know better than can be found out. What is left out is found out."""

    encoding: Annotated[str, text(40, least=1, examples=["cp1252"])] | None = None
    delimiter: Annotated[str, text(1, least=1, examples=[";"])] | None = None
    sheet: Annotated[str, text(100, least=1)] | None = None
    """Of an Excel file; else its first visible one."""
    has_header: bool | None = None
    """Whether the first line names the columns."""


class InspectionWish(Body):
    """How to look at a file."""

    country: Country = ""
    """Country of numbers without + and country code."""
    hints: Hints = Hints()


class SampleRow(Shown):
    """One of the first rows."""

    line: int
    cells: list[str]
    problem: str
    """Why it cannot be used; empty: it can be read."""


class Inspection(Shown):
    """What a file looks like."""

    kind: Literal["csv", "xlsx"]
    encoding: str
    """Of a CSV file."""
    delimiter: str
    """Of a CSV file."""
    sheet: str
    """Of an Excel file."""
    has_header: bool
    header: list[str]
    """The columns' names; their numbers where the file has no header."""
    rows: list[SampleRow]
    mapping: dict[str, str] | None
    """A guess, attribute -> column, from names and contents; null where no column looks like phone numbers."""
    doubt: str
    """Why there is no guess."""


class FileWish(InspectionWish):
    """How to read a file."""

    mapping: Mapping | None = None
    mapping_name: MappingName | None = None
    """A saved mapping, instead of `mapping`. Without either the file's own guess is used."""
    keep_rest: bool = False
    """Keep the other columns as attributes, too."""
    required: Annotated[list[Annotated[str, text(100, least=1)]], Field(max_length=200)] = Field(
        default_factory=list
    )
    """Attributes that must have a column."""
    campaign_id: CampaignId | None = None
    """Require what this campaign's text needs."""


class NewImport(FileWish):
    """A file to be imported into a list."""

    upload_id: UploadId
    list_id: ListId | None = None
    """A list that is there; or `list_name`."""
    list_name: ListName | None = None
    """A list by name, made if it is new; or `list_id`."""
    overwrite_blanks: bool = False
    """Blank cells erase what a contact had."""


class CheckProblem(Shown):
    """A row that cannot be used."""

    line: int
    detail: str


class Check(Shown):
    """What the file alone can tell. Who is a duplicate or opted out, only the import finds."""

    rows: int
    usable: int
    corrected: int
    invalid: int
    problems: list[CheckProblem]
    """The first hundred."""


class Import(Shown):
    """An import: every row that was read has one of five verdicts."""

    id: ImportId
    name: str
    """The file's."""
    upload_id: UploadId | None
    """null: the command line began it from a file of its own, and does the work."""
    list_id: ListId
    list_name: str
    status: Literal["running", "finished", "failed"]
    error: str
    """Why it failed."""
    percent: int | None
    """Of the file that was read; null: an Excel file does not tell."""
    rows: int
    accepted: int
    corrected: int
    duplicate: int
    invalid: int
    opted_out: int
    created_at: Time
    finished_at: Time


class ImportRow(Shown):
    """A row that was not plainly accepted."""

    line: int
    verdict: Verdict
    detail: str


class MappingWish(Body):
    """Columns to be remembered."""

    mapping: Mapping


class SavedMapping(Shown):
    """A mapping under a name."""

    name: str
    mapping: dict[str, str]
    created_at: Time
