"""CSV records: what is well formed comes out whole, and a broken row costs only itself."""

import io

from hypothesis import given
from hypothesis import strategies as st

from clarion.services.importing.lines import Record, open_text, records

CELL = st.text(alphabet="abçé ,;\"'=\n\r\tx9", max_size=8).map(lambda text: text.lstrip(" "))
ROWS = st.lists(st.tuples(CELL, CELL, CELL).filter(any), max_size=8)
ENCODINGS = st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
ENDS = st.sampled_from(["\n", "\r\n", "\r"])


def _read(content: bytes, encoding: str, delimiter: str, width: int = 3) -> list[Record]:
    return list(records(open_text(io.BytesIO(content), encoding), delimiter, width=width))


@given(ROWS, st.sampled_from(",;\t|"), ENDS, ENCODINGS)
def test_a_well_formed_file_comes_out_as_it_went_in(
    rows: list[tuple[str, str, str]], delimiter: str, end: str, encoding: str
) -> None:
    content = "".join(
        delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) + end for row in rows
    )
    found = _read(content.encode(encoding), encoding, delimiter)
    assert [tuple(record.cells) for record in found] == rows
    assert all(not record.problem for record in found)


PLAIN = st.text(alphabet="abc9 é", min_size=1, max_size=6).filter(str.strip)
BROKEN = st.sampled_from(['9,"open,x', 'a,"b"c,d', "n,\0,x", '"x"y,1,2', 'z,z,"q'])


@given(st.lists(st.tuples(PLAIN, PLAIN, PLAIN), max_size=6), st.data())
def test_R02_good_rows_are_not_lost_because_of_bad_ones(
    rows: list[tuple[str, str, str]], data: st.DataObject
) -> None:
    lines = [",".join(row) for row in rows]
    bad = data.draw(st.lists(BROKEN, min_size=1, max_size=3))
    for text in bad:
        lines.insert(data.draw(st.integers(0, len(lines))), text)
    found = _read("\n".join(lines).encode(), "utf-8", ",")
    assert [tuple(r.cells) for r in found if not r.problem] == [
        tuple(c.lstrip(" ") for c in row) for row in rows
    ]
    assert [r.line for r in found if r.problem] == [n for n, line in enumerate(lines, 1) if line in bad]
