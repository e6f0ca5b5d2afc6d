"""What a user's address and password must be like, and who may give which role."""

import pytest

from clarion.domain.access import PERMISSIONS, Permission, Role, may_manage
from clarion.domain.errors import BadField
from clarion.domain.users import check_password, read_email
from clarion.services.access.passwords import Hasher


@pytest.mark.parametrize(
    "password",
    [
        "short",
        "eleven char",
        "x" * 201,
        "aaaaaaaaaaaaaa",
        "abcabcabcabcabc",
        "Password1234",
        "123456789012",
        "maria.santos@example.org",
        "Maria.Santos2026",
    ],
)
def test_what_is_guessed_first_is_no_password(password: str) -> None:
    with pytest.raises(BadField, match="password: "):
        check_password(password, email="maria.santos@example.org")


@pytest.mark.parametrize(
    "password", ["four random words", "x9!kQ2#mL5@p", "пароль длинный", "ana likes words"]
)
def test_anything_else_of_twelve_characters_is(password: str) -> None:
    check_password(password, email="ana@example.org")


@pytest.mark.parametrize(
    "text", ["", "ana", "@x", "ana@", "a na@x.org", "a@b@c", "ana@x\n.org", "a" * 250 + "@x.org"]
)
def test_what_is_no_address_is_refused(text: str) -> None:
    with pytest.raises(BadField, match="email: "):
        read_email(text)
    assert read_email(" Ana@Example.ORG ") == "ana@example.org"


ALL = frozenset(Permission)


@pytest.mark.parametrize(
    ("role", "own", "permissions", "may"),
    [
        pytest.param(Role.OWNER, Role.OWNER, ALL, True, id="an owner makes owners"),
        pytest.param(Role.OWNER, Role.ADMIN, ALL, False, id="an admin does not"),
        pytest.param(Role.OWNER, None, ALL, False, id="nor does a key, whatever it may do"),
        pytest.param(Role.ADMIN, Role.ADMIN, ALL, True, id="an admin makes admins"),
        pytest.param(Role.ADMIN, None, ALL - {Permission.KEYS_WRITE}, False, id="a key gives what it has"),
        pytest.param(Role.VIEWER, None, PERMISSIONS[Role.EDITOR], True, id="or less"),
    ],
)
def test_roles_are_given_by_those_who_may(
    role: Role, own: Role | None, permissions: frozenset[Permission], may: bool
) -> None:
    assert may_manage(role, own=own, permissions=permissions) is may


async def test_passwords_are_hashed_with_argon2id_of_rfc_9106() -> None:
    hasher = Hasher()
    stored = await hasher.hash("ﬁve random words")
    assert stored.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert await hasher.matches(stored, "five random words")  # however a keyboard writes it
    assert not await hasher.matches(stored, "five random words ")
    assert not await hasher.matches("no hash", "five random words")
    assert hasher.outdated(stored) is False
    assert Hasher(passes=4).outdated(stored) is True
