"""One person's data, whole, to be handed to them."""

from dataclasses import dataclass

from clarion.domain.errors import NotFound
from clarion.services.contacts import Contact, contact_of
from clarion.services.people.consents import Consent, consent_of_contact
from clarion.store import contacts, disclosing, lists
from clarion.store.db import Database
from clarion.store.disclosing import Rows


@dataclass(frozen=True, slots=True)
class Disclosure:
    """Rows are those of store/disclosing.py."""

    contact: Contact
    lists: list[str]
    consent: Consent
    messages: Rows
    replies: Rows
    positions: Rows


async def disclose(db: Database, contact_id: int, *, workspace: int) -> Disclosure:
    """Everything stored of a contact. Raises NotFound."""
    consent = await consent_of_contact(db, contact_id, workspace=workspace)
    async with db.reading() as tx:
        row = await contacts.by_id(tx, workspace, contact_id)
        if row is None:
            raise NotFound("contact", contact_id)
        return Disclosure(
            contact_of(row),
            await lists.of_contact(tx, contact_id),
            consent,
            await disclosing.messages(tx, workspace, row.person),
            await disclosing.replies(tx, workspace, row.person),
            await disclosing.positions(tx, workspace, row.person),
        )
