"""Every operation of the API, for asyncio. Written by `make docs` from the OpenAPI document; change it there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Literal, cast

from clarion.client import models
from clarion.client.aio import AsyncBase, AsyncDownload, AsyncPages
from clarion.client.calls import Call, Source
from clarion.client.values import UNSET, Unset, place


class AsyncClient(AsyncBase):
    """The API, for asyncio: a method for each operation, named as in its reference."""

    async def get_workspace(self) -> models.WorkspaceShown:
        """Show the workspace.

        The workspace that the session or key speaks for, with its settings.
        """
        return await self._one(models.WorkspaceShown, Call("GET", "/workspace"))

    async def change_workspace(
        self, *, name: str | Unset = UNSET, opt_out_words: Sequence[str] | Unset = UNSET
    ) -> models.WorkspaceShown:
        """Change the workspace's settings.

        Only what is given changes. Words for a stop count from the next reply on.

        - `name`: Unique in the installation: the command line names workspaces by it.
        """
        return await self._one(
            models.WorkspaceShown,
            Call("PATCH", "/workspace", json={"name": name, "opt_out_words": opt_out_words}),
        )

    async def list_workspaces(self) -> models.OwnWorkspaces:
        """List one's workspaces.

        Every workspace of the user who asks; `PATCH /session` switches. A key has one.
        """
        return await self._one(models.OwnWorkspaces, Call("GET", "/workspaces"))

    async def create_workspace(
        self, *, name: str, idempotency_key: str | None = None
    ) -> models.WorkspaceShown:
        """Make a workspace.

        Whoever owns a workspace may make another one, and owns it. Workspaces share nothing but the
        machine.

        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.WorkspaceShown,
            Call("POST", "/workspaces", json={"name": name}, key=idempotency_key, once=True),
        )

    def list_invitations(
        self, *, limit: int | None = 100, cursor: str | None = None
    ) -> AsyncPages[models.Invitation]:
        """List the open invitations.

        Invitations that can still be accepted, the oldest first.

        - `limit`: Most items on the page.
        - `cursor`: `next_cursor` of the page before; the first page without it.
        """
        return self._pages(
            models.Invitation, Call("GET", "/users/invitations", query={"limit": limit, "cursor": cursor})
        )

    async def invite_user(self, *, email: str, role: models.Role) -> models.MadeInvitation:
        """Invite somebody.

        Who is a user of another workspace here is added at once. Anybody else follows the link in the
        answer, which you send them: Clarion sends no e-mail. Inviting an address again makes a new link,
        and ends the earlier one.
        """
        return await self._one(
            models.MadeInvitation, Call("POST", "/users/invitations", json={"email": email, "role": role})
        )

    async def withdraw_invitation(self, invitation_id: str) -> None:
        """Withdraw an invitation.

        Its link does not work any more.
        """
        await self._none(Call("DELETE", place("/users/invitations/{}", invitation_id)))

    def list_users(
        self, *, limit: int | None = 100, cursor: str | None = None
    ) -> AsyncPages[models.UserShown]:
        """List the users.

        The users of the workspace, in the order they were made.

        - `limit`: Most items on the page.
        - `cursor`: `next_cursor` of the page before; the first page without it.
        """
        return self._pages(models.UserShown, Call("GET", "/users", query={"limit": limit, "cursor": cursor}))

    async def get_user(self, user_id: str) -> models.UserShown:
        """Show a user.

        One user of the workspace.
        """
        return await self._one(models.UserShown, Call("GET", place("/users/{}", user_id)))

    async def change_role(self, user_id: str, *, role: models.Role) -> models.UserShown:
        """Give a user another role.

        What they may do changes with their next request. Only owners deal with owners, nobody gives more
        than they have, and the last owner stays one.
        """
        return await self._one(
            models.UserShown, Call("PATCH", place("/users/{}", user_id), json={"role": role})
        )

    async def remove_user(self, user_id: str) -> None:
        """Take a user out of the workspace.

        Their sessions in this workspace end at once. In other workspaces they stay what they are, and API
        keys that they made go on: revoke those too, if they know them.
        """
        await self._none(Call("DELETE", place("/users/{}", user_id)))

    async def make_password_link(self, user_id: str) -> models.ResetLink:
        """Make a link for a new password.

        For a user who forgot theirs. Give the link to them and nobody else; an earlier one ends. The
        second factor is still asked for.
        """
        return await self._one(models.ResetLink, Call("POST", place("/users/{}/password-link", user_id)))

    def list_keys(self) -> AsyncPages[models.Key]:
        """List the API keys.

        Every key of the workspace, newest first; also those that have ended.
        """
        return self._pages(models.Key, Call("GET", "/keys"))

    async def create_key(
        self, *, name: str, scopes: Sequence[models.Permission], expires_at: datetime | Unset | None = UNSET
    ) -> models.MadeKey:
        """Make an API key.

        Make a key. It may not do more than you may. Its secret is in the answer, and never told again.

        - `name`: What it is for, as you will recognise it later.
        - `scopes`: What it may do.
        - `expires_at`: When it ends by itself; null: never.
        """
        return await self._one(
            models.MadeKey,
            Call("POST", "/keys", json={"name": name, "scopes": scopes, "expires_at": expires_at}),
        )

    async def get_key(self, key_id: str) -> models.Key:
        """Show an API key.

        One key, without its secret.
        """
        return await self._one(models.Key, Call("GET", place("/keys/{}", key_id)))

    async def revoke_key(self, key_id: str) -> None:
        """Revoke an API key.

        No request with the key is answered any more, by any process, once this answers. It stays in the
        list.
        """
        await self._none(Call("DELETE", place("/keys/{}", key_id)))

    def export_contacts(self, *, list_id: str | None = None) -> AsyncDownload:
        """Export contacts as CSV.

        `phone`, then a column for each attribute that anybody has.

        A cell that a spreadsheet would run as a formula gets a leading quote, which an import takes off
        again: the file comes back unchanged.

        - `list_id`: Only members of this list.
        """
        return self._download(Call("GET", "/contacts/export", query={"list_id": list_id}))

    async def export_contact(self, contact_id: str) -> models.Disclosure:
        """Export everything stored of a person.

        The contact, lists, wish, messages, replies and journeys: what to hand to somebody who asks what
        you hold.
        """
        return await self._one(models.Disclosure, Call("GET", place("/contacts/{}/export", contact_id)))

    async def erase_contact(self, contact_id: str) -> None:
        """Erase a person's data.

        Forget a person. It cannot be undone.

        Nothing more is sent to them; the contact goes, with numbers, texts and variables of its messages,
        replies, conversations, journeys, import reports and raw webhooks. What stays: statuses and times
        of messages, so that counters add up; and an opt-out with the number it forbids, if there is one.
        Refused while a message is on its way: ask again in a minute.
        """
        await self._none(Call("DELETE", place("/contacts/{}", contact_id)))

    async def get_contact(self, contact_id: str) -> models.Contact:
        """Show a contact.

        One contact.
        """
        return await self._one(models.Contact, Call("GET", place("/contacts/{}", contact_id)))

    async def change_contact(
        self,
        contact_id: str,
        *,
        attributes: Mapping[str, str | None] | Unset = UNSET,
        tags: Sequence[str] | Unset | None = UNSET,
        language: str | Unset | None = UNSET,
        timezone: str | Unset | None = UNSET,
    ) -> models.Contact:
        """Change a contact.

        Attributes are put over those that are there, null removes one; fields that are left out stay as
        they are.

        The number cannot be changed: another number is another person.

        - `attributes`: Put over those that are there; null removes one. `language` and `timezone` are
          attributes of these names too.
        - `tags`: All tags the contact shall have.
        - `language`: Empty: not known.
        - `timezone`: As in the IANA database; empty: not known.
        """
        return await self._one(
            models.Contact,
            Call(
                "PATCH",
                place("/contacts/{}", contact_id),
                json={"attributes": attributes, "tags": tags, "language": language, "timezone": timezone},
            ),
        )

    def list_contacts(
        self,
        *,
        limit: int | None = 100,
        cursor: str | None = None,
        list_id: str | None = None,
        phone: str | None = None,
        country: str | None = None,
        tag: str | None = None,
        attribute: str | None = None,
    ) -> AsyncPages[models.Contact]:
        """List contacts.

        The newest first; members of a list in the order they were put on it, the last first.

        With `phone` the person with this number, or everybody whose number begins with these digits, by
        number; together with `list_id` it must be a whole number. `tag` and `attribute` look through
        5,000 contacts for each page: it may hold fewer than `limit`, or none, and go on with
        `next_cursor`. They cannot be combined with `phone`.

        - `limit`: Most items on the page.
        - `cursor`: `next_cursor` of the page before; the first page without it.
        - `list_id`: Only members of this list.
        - `phone`: A number in any spelling, or the digits it begins with, country code first.
        - `country`: Country of a number without country code.
        - `tag`: Only contacts with this tag.
        - `attribute`: Only contacts with this attribute, as `name:value`.
        """
        return self._pages(
            models.Contact,
            Call(
                "GET",
                "/contacts",
                query={
                    "limit": limit,
                    "cursor": cursor,
                    "list_id": list_id,
                    "phone": phone,
                    "country": country,
                    "tag": tag,
                    "attribute": attribute,
                },
            ),
        )

    async def create_contact(
        self,
        *,
        phone: str,
        attributes: Mapping[str, str | None] | Unset = UNSET,
        tags: Sequence[str] | Unset | None = UNSET,
        language: str | Unset | None = UNSET,
        timezone: str | Unset | None = UNSET,
        lists: Sequence[str] | Unset = UNSET,
        country: str | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> models.Contact:
        """Add a contact.

        Add a person. If there is a contact with this number, the refusal names it as `contact_id`.

        - `attributes`: Put over those that are there; null removes one. `language` and `timezone` are
          attributes of these names too.
        - `tags`: All tags the contact shall have.
        - `language`: Empty: not known.
        - `timezone`: As in the IANA database; empty: not known.
        - `lists`: Put on these lists; others stay.
        - `country`: Country of a number without + and country code.
        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.Contact,
            Call(
                "POST",
                "/contacts",
                json={
                    "attributes": attributes,
                    "tags": tags,
                    "language": language,
                    "timezone": timezone,
                    "lists": lists,
                    "phone": phone,
                    "country": country,
                },
                key=idempotency_key,
                once=True,
            ),
        )

    async def save_contacts(
        self,
        *,
        contacts: Sequence[models.BulkContact | Mapping[str, Any]],
        country: str | Unset = UNSET,
        list_id: str | Unset | None = UNSET,
        idempotency_key: str | None = None,
    ) -> models.BulkDone:
        """Add or change up to 1,000 contacts.

        A verdict for each, in their order, as an import gives them; the others are not held up by those
        that are refused. Repeating the request changes nothing.

        - `country`: Country of numbers without + and country code.
        - `list_id`: Put those that are stored on this list.
        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.BulkDone,
            Call(
                "POST",
                "/contacts/bulk",
                json={"contacts": contacts, "country": country, "list_id": list_id},
                key=idempotency_key,
                once=True,
            ),
        )

    async def save_contact(
        self,
        phone: str,
        *,
        country: str | None = None,
        attributes: Mapping[str, str | None] | Unset = UNSET,
        tags: Sequence[str] | Unset | None = UNSET,
        language: str | Unset | None = UNSET,
        timezone: str | Unset | None = UNSET,
        lists: Sequence[str] | Unset = UNSET,
    ) -> models.Contact:
        """Add or change the contact with a number.

        The way to keep a contact in step with another system: repeating it changes nothing. 201 for a new
        contact.

        Attributes are merged; what is left out stays as it is.

        - `phone`: In any spelling.
        - `country`: Country of a number without country code.
        - `attributes`: Put over those that are there; null removes one. `language` and `timezone` are
          attributes of these names too.
        - `tags`: All tags the contact shall have.
        - `language`: Empty: not known.
        - `timezone`: As in the IANA database; empty: not known.
        - `lists`: Put on these lists; others stay.
        """
        return await self._one(
            models.Contact,
            Call(
                "PUT",
                place("/contacts/by-phone/{}", phone),
                query={"country": country},
                json={
                    "attributes": attributes,
                    "tags": tags,
                    "language": language,
                    "timezone": timezone,
                    "lists": lists,
                },
            ),
        )

    def list_lists_of_contact(self, contact_id: str) -> AsyncPages[models.ContactList]:
        """List the lists a contact is on.

        All of them, by name.
        """
        return self._pages(models.ContactList, Call("GET", place("/contacts/{}/lists", contact_id)))

    def list_consents(
        self, *, limit: int | None = 100, cursor: str | None = None
    ) -> AsyncPages[models.Consent]:
        """List opt-outs.

        Everybody who must not be written to, the last to say so first; contacts or not.

        - `limit`: Most items on the page.
        - `cursor`: `next_cursor` of the page before; the first page without it.
        """
        return self._pages(models.Consent, Call("GET", "/consents", query={"limit": limit, "cursor": cursor}))

    async def set_consent_of_number(
        self,
        *,
        state: Literal["opted_out", "opted_in"],
        phone: str,
        source: str | Unset = UNSET,
        country: str | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> models.Consent:
        """Store or lift a number's opt-out.

        Once an opt-out is stored, no further message starts to the person. Repeating it changes nothing.

        - `state`: `opted_out`: nothing more is sent to them, and what waits is withdrawn. `opted_in`:
          they asked for it again.
        - `source`: Who told you, without personal data.
        - `country`: Country of a number without + and country code.
        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.Consent,
            Call(
                "POST",
                "/consents",
                json={"state": state, "source": source, "phone": phone, "country": country},
                key=idempotency_key,
                once=True,
            ),
        )

    async def get_consent(self, *, phone: str, country: str | None = None) -> models.Consent:
        """Show whether a number may be written to.

        What is known of a number, whether it is a contact's or not. `opted_in` means: no opt-out is
        stored.

        - `phone`: In any spelling; + is written %2B in an address.
        - `country`: Country of a number without country code.
        """
        return await self._one(
            models.Consent, Call("GET", "/consents/lookup", query={"phone": phone, "country": country})
        )

    async def set_consent(
        self, contact_id: str, *, state: Literal["opted_out", "opted_in"], source: str | Unset = UNSET
    ) -> models.Consent:
        """Store or lift a contact's opt-out.

        Once an opt-out is stored, no further message starts to the person. Repeating it changes nothing.

        - `state`: `opted_out`: nothing more is sent to them, and what waits is withdrawn. `opted_in`:
          they asked for it again.
        - `source`: Who told you, without personal data.
        """
        return await self._one(
            models.Consent,
            Call("PUT", place("/contacts/{}/consent", contact_id), json={"state": state, "source": source}),
        )

    def list_lists(
        self, *, limit: int | None = 100, cursor: str | None = None
    ) -> AsyncPages[models.ContactList]:
        """List the lists.

        By name.

        - `limit`: Most items on the page.
        - `cursor`: `next_cursor` of the page before; the first page without it.
        """
        return self._pages(
            models.ContactList, Call("GET", "/lists", query={"limit": limit, "cursor": cursor})
        )

    async def create_list(self, *, name: str, idempotency_key: str | None = None) -> models.ContactList:
        """Make a list.

        An empty list.

        - `name`: No two lists have the same.
        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.ContactList, Call("POST", "/lists", json={"name": name}, key=idempotency_key, once=True)
        )

    async def get_list(self, list_id: str) -> models.ContactList:
        """Show a list.

        One list.
        """
        return await self._one(models.ContactList, Call("GET", place("/lists/{}", list_id)))

    async def rename_list(self, list_id: str, *, name: str) -> models.ContactList:
        """Rename a list.

        Campaigns keep using it; journeys name lists, so publish those again that should use the new name.

        - `name`: No two lists have the same.
        """
        return await self._one(
            models.ContactList, Call("PATCH", place("/lists/{}", list_id), json={"name": name})
        )

    async def delete_list(self, list_id: str) -> None:
        """Delete a list.

        The contacts stay. Refused while a campaign, a journey's run or an import under way uses the list.
        """
        await self._none(Call("DELETE", place("/lists/{}", list_id)))

    def list_members(
        self, list_id: str, *, limit: int | None = 100, cursor: str | None = None
    ) -> AsyncPages[models.Contact]:
        """List a list's members.

        The last who was put on it first.

        - `limit`: Most items on the page.
        - `cursor`: `next_cursor` of the page before; the first page without it.
        """
        return self._pages(
            models.Contact,
            Call("GET", place("/lists/{}/members", list_id), query={"limit": limit, "cursor": cursor}),
        )

    async def add_members(
        self,
        list_id: str,
        *,
        contacts: Sequence[str] | Unset = UNSET,
        phones: Sequence[str] | Unset = UNSET,
        country: str | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> models.MembersAdded:
        """Put contacts on a list.

        Up to 1,000 by id and 1,000 by number. Who is no contact is told, and holds nobody up. Repeating
        it changes nothing.

        - `country`: Country of numbers without + and country code.
        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.MembersAdded,
            Call(
                "POST",
                place("/lists/{}/members", list_id),
                json={"contacts": contacts, "phones": phones, "country": country},
                key=idempotency_key,
                once=True,
            ),
        )

    async def remove_member(self, list_id: str, contact_id: str) -> None:
        """Take a contact off a list.

        The contact stays. Repeating it changes nothing.
        """
        await self._none(Call("DELETE", place("/lists/{}/members/{}", list_id, contact_id)))

    async def create_upload(self, content: Source, *, name: str | None = None) -> models.Upload:
        """Upload a file.

        The body is the file itself, of any Content-Type, as long as it takes. The answer comes once it is
        safe on disk.

        A file that is too large is refused before it is read, if its length is told; a connection that is
        cut leaves nothing behind: send it again.

        - `content`: The file: bytes, an open file, or its path.
        - `name`: What you call the file.
        """
        return await self._one(models.Upload, Call("POST", "/uploads", query={"name": name}, content=content))

    async def get_upload(self, upload_id: str) -> models.Upload:
        """Show an upload.

        One file.
        """
        return await self._one(models.Upload, Call("GET", place("/uploads/{}", upload_id)))

    async def delete_upload(self, upload_id: str) -> None:
        """Delete an upload.

        The file is gone; what was imported from it stays. Refused while it is being imported.
        """
        await self._none(Call("DELETE", place("/uploads/{}", upload_id)))

    async def inspect_upload(
        self,
        upload_id: str,
        *,
        country: str | Unset = UNSET,
        hints: models.Hints | Mapping[str, Any] | Unset = UNSET,
    ) -> models.Inspection:
        """Look at an upload.

        How the file is read, its first rows, and a guess which column is what. Nothing is stored.

        - `country`: Country of numbers without + and country code.
        """
        return await self._one(
            models.Inspection,
            Call(
                "POST", place("/uploads/{}/inspection", upload_id), json={"country": country, "hints": hints}
            ),
        )

    async def check_upload(
        self,
        upload_id: str,
        *,
        country: str | Unset = UNSET,
        hints: models.Hints | Mapping[str, Any] | Unset = UNSET,
        mapping: Mapping[str, str] | Unset | None = UNSET,
        mapping_name: str | Unset | None = UNSET,
        keep_rest: bool | Unset = UNSET,
        required: Sequence[str] | Unset = UNSET,
        campaign_id: str | Unset | None = UNSET,
    ) -> models.Check:
        """Check an upload's every row.

        What an import would say of each row, as far as the file alone can tell. Nothing is stored.

        Takes as long as reading the file, about ten seconds for a million rows.

        - `country`: Country of numbers without + and country code.
        - `mapping_name`: A saved mapping, instead of `mapping`. Without either the file's own guess is
          used.
        - `keep_rest`: Keep the other columns as attributes, too.
        - `required`: Attributes that must have a column.
        - `campaign_id`: Require what this campaign's text needs.
        """
        return await self._one(
            models.Check,
            Call(
                "POST",
                place("/uploads/{}/check", upload_id),
                json={
                    "country": country,
                    "hints": hints,
                    "mapping": mapping,
                    "mapping_name": mapping_name,
                    "keep_rest": keep_rest,
                    "required": required,
                    "campaign_id": campaign_id,
                },
            ),
        )

    async def create_import(
        self,
        *,
        upload_id: str,
        country: str | Unset = UNSET,
        hints: models.Hints | Mapping[str, Any] | Unset = UNSET,
        mapping: Mapping[str, str] | Unset | None = UNSET,
        mapping_name: str | Unset | None = UNSET,
        keep_rest: bool | Unset = UNSET,
        required: Sequence[str] | Unset = UNSET,
        campaign_id: str | Unset | None = UNSET,
        list_id: str | Unset | None = UNSET,
        list_name: str | Unset | None = UNSET,
        overwrite_blanks: bool | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> models.Import:
        """Import an upload into a list.

        Begin an import, which the server does by itself, also after a restart; watch it at `Location`.

        File and mapping are known to fit when this answers. Asking again for the same while it is
        unfinished gives the same import.

        - `country`: Country of numbers without + and country code.
        - `mapping_name`: A saved mapping, instead of `mapping`. Without either the file's own guess is
          used.
        - `keep_rest`: Keep the other columns as attributes, too.
        - `required`: Attributes that must have a column.
        - `campaign_id`: Require what this campaign's text needs.
        - `list_id`: A list that is there; or `list_name`.
        - `list_name`: A list by name, made if it is new; or `list_id`.
        - `overwrite_blanks`: Blank cells erase what a contact had.
        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.Import,
            Call(
                "POST",
                "/imports",
                json={
                    "country": country,
                    "hints": hints,
                    "mapping": mapping,
                    "mapping_name": mapping_name,
                    "keep_rest": keep_rest,
                    "required": required,
                    "campaign_id": campaign_id,
                    "upload_id": upload_id,
                    "list_id": list_id,
                    "list_name": list_name,
                    "overwrite_blanks": overwrite_blanks,
                },
                key=idempotency_key,
                once=True,
            ),
        )

    def list_imports(
        self, *, limit: int | None = 100, cursor: str | None = None
    ) -> AsyncPages[models.Import]:
        """List imports.

        The newest first; also those that the command line began.

        - `limit`: Most items on the page.
        - `cursor`: `next_cursor` of the page before; the first page without it.
        """
        return self._pages(models.Import, Call("GET", "/imports", query={"limit": limit, "cursor": cursor}))

    async def get_import(self, import_id: str) -> models.Import:
        """Show an import.

        How far it is.
        """
        return await self._one(models.Import, Call("GET", place("/imports/{}", import_id)))

    def list_import_rows(
        self,
        import_id: str,
        *,
        verdict: Literal["accepted", "corrected", "duplicate", "invalid", "opted_out"] | None = None,
        limit: int | None = 100,
        cursor: str | None = None,
    ) -> AsyncPages[models.ImportRow]:
        """List an import's rows that need telling.

        By line, each with its verdict and the reason. Rows that were plainly accepted are not among them.

        - `verdict`: Only rows with this one.
        - `limit`: Most items on the page.
        - `cursor`: `next_cursor` of the page before; the first page without it.
        """
        return self._pages(
            models.ImportRow,
            Call(
                "GET",
                place("/imports/{}/rows", import_id),
                query={"verdict": verdict, "limit": limit, "cursor": cursor},
            ),
        )

    def export_rejects(self, import_id: str) -> AsyncDownload:
        """Export an import's invalid rows as CSV.

        Line and problem, then the file's own columns: mend it and import it again with the same mapping.
        """
        return self._download(Call("GET", place("/imports/{}/rejects", import_id)))

    async def stop_import(self, import_id: str, *, idempotency_key: str | None = None) -> models.Import:
        """Stop an import.

        End it where it stands, for good; what it stored stays. One that has ended is only shown.

        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.Import, Call("POST", place("/imports/{}/stop", import_id), key=idempotency_key, once=True)
        )

    def list_mappings(self) -> AsyncPages[models.SavedMapping]:
        """List saved mappings.

        All of them, by name.
        """
        return self._pages(models.SavedMapping, Call("GET", "/mappings"))

    async def save_mapping(self, name: str, *, mapping: Mapping[str, str]) -> models.SavedMapping:
        """Save a mapping.

        Keep which column becomes what; an old one of that name is replaced.
        """
        return await self._one(
            models.SavedMapping, Call("PUT", place("/mappings/{}", name), json={"mapping": mapping})
        )

    async def delete_mapping(self, name: str) -> None:
        """Delete a saved mapping.

        Imports that used it are not touched.
        """
        await self._none(Call("DELETE", place("/mappings/{}", name)))

    def list_campaigns(
        self,
        *,
        limit: int | None = 100,
        cursor: str | None = None,
        status: models.CampaignStatus | None = None,
    ) -> AsyncPages[models.Campaign]:
        """List the campaigns.

        Campaigns with their counters, newest first.

        - `limit`: Most items on the page.
        - `cursor`: `next_cursor` of the page before; the first page without it.
        - `status`: Only those in this status.
        """
        return self._pages(
            models.Campaign,
            Call("GET", "/campaigns", query={"limit": limit, "cursor": cursor, "status": status}),
        )

    async def create_campaign(
        self,
        *,
        name: str,
        sender_id: str,
        lists: Sequence[str],
        content: models.TextContent
        | Mapping[str, Any]
        | models.MediaContent
        | models.ButtonsContent
        | models.ListContent
        | models.TemplateUse,
        policy: models.Policy | Unset = UNSET,
        on_missing: models.OnMissing | Unset = UNSET,
        scheduled_at: datetime | Unset | None = UNSET,
        expires_at: datetime | Unset | None = UNSET,
        dry_run: bool | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> models.CampaignDetail:
        """Write a campaign down.

        It is a draft: nothing is sent before it is launched.

        - `name`: Unique in the workspace.
        - `lists`: Whom to write to: everybody on these lists, each person once.
        - `on_missing`: People who lack a variable: refuse to launch, or leave them out.
        - `scheduled_at`: Launching it makes it wait until then; null: it starts at once.
        - `expires_at`: What has not been sent by then is not sent at all.
        - `dry_run`: Everything but the request to the provider.
        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.CampaignDetail,
            Call(
                "POST",
                "/campaigns",
                json={
                    "name": name,
                    "sender_id": sender_id,
                    "lists": lists,
                    "content": content,
                    "policy": policy,
                    "on_missing": on_missing,
                    "scheduled_at": scheduled_at,
                    "expires_at": expires_at,
                    "dry_run": dry_run,
                },
                key=idempotency_key,
                once=True,
            ),
        )

    async def get_campaign(self, campaign_id: str) -> models.CampaignDetail:
        """Show a campaign.

        What it says, to whom, where it stands and how far it has come; cheap enough to be asked every
        second.
        """
        return await self._one(models.CampaignDetail, Call("GET", place("/campaigns/{}", campaign_id)))

    async def change_campaign(
        self,
        campaign_id: str,
        *,
        name: str | Unset = UNSET,
        sender_id: str | Unset = UNSET,
        lists: Sequence[str] | Unset = UNSET,
        content: models.TextContent
        | Mapping[str, Any]
        | models.MediaContent
        | models.ButtonsContent
        | models.ListContent
        | models.TemplateUse
        | Unset = UNSET,
        policy: models.Policy | Unset = UNSET,
        on_missing: models.OnMissing | Unset = UNSET,
        scheduled_at: datetime | Unset | None = UNSET,
        expires_at: datetime | Unset | None = UNSET,
        dry_run: bool | Unset = UNSET,
    ) -> models.CampaignDetail:
        """Change a campaign.

        Only what is given changes.

        Before its launch everything may. While it is paused: name, content, policy and expires_at, for
        every message whose request has not begun, from the moment this answers. Messages on their way, or
        in doubt, keep what they were sent with. The new content is checked as at a launch. A running
        campaign must be paused first.
        """
        return await self._one(
            models.CampaignDetail,
            Call(
                "PATCH",
                place("/campaigns/{}", campaign_id),
                json={
                    "name": name,
                    "sender_id": sender_id,
                    "lists": lists,
                    "content": content,
                    "policy": policy,
                    "on_missing": on_missing,
                    "scheduled_at": scheduled_at,
                    "expires_at": expires_at,
                    "dry_run": dry_run,
                },
            ),
        )

    async def delete_campaign(self, campaign_id: str) -> None:
        """Delete a draft.

        Only what was never launched. What was sent stays in the books for good.
        """
        await self._none(Call("DELETE", place("/campaigns/{}", campaign_id)))

    async def check_campaign(self, campaign_id: str, *, sample: int | None = None) -> models.CampaignCheck:
        """Say what launching would do.

        Everybody's variables, the template and the content are looked at. Changes nothing, and may be
        repeated.

        It reads the whole audience: a second or two for a hundred thousand people.

        - `sample`: How many messages and places to show.
        """
        return await self._one(
            models.CampaignCheck,
            Call("POST", place("/campaigns/{}/check", campaign_id), query={"sample": sample}),
        )

    async def launch_campaign(
        self,
        campaign_id: str,
        *,
        on_missing: models.OnMissing | Unset | None = UNSET,
        idempotency_key: str | None = None,
    ) -> models.CampaignDetail:
        """Launch a campaign.

        It is checked, then starts, or waits for its time. The audience is what its lists hold now.

        Launching what was launched changes nothing.

        - `on_missing`: Instead of what the campaign says about people who lack a variable.
        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.CampaignDetail,
            Call(
                "POST",
                place("/campaigns/{}/launch", campaign_id),
                json={"on_missing": on_missing},
                key=idempotency_key,
                once=True,
            ),
        )

    async def pause_campaign(
        self, campaign_id: str, *, reason: str | Unset = UNSET, idempotency_key: str | None = None
    ) -> models.CampaignPaused:
        """Pause a campaign.

        Once this answers, none of its messages starts. `draining` requests were on their way and finish.

        - `reason`: Shown wherever the campaign is.
        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.CampaignPaused,
            Call(
                "POST",
                place("/campaigns/{}/pause", campaign_id),
                json={"reason": reason},
                key=idempotency_key,
                once=True,
            ),
        )

    async def resume_campaign(
        self, campaign_id: str, *, idempotency_key: str | None = None
    ) -> models.CampaignDetail:
        """Resume a campaign.

        It goes on where it was paused: nothing is sent twice, nobody is skipped. Repeating changes
        nothing.

        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.CampaignDetail,
            Call("POST", place("/campaigns/{}/resume", campaign_id), key=idempotency_key, once=True),
        )

    async def stop_campaign(self, campaign_id: str) -> models.CampaignStopped:
        """Stop a campaign for good.

        What waits is cancelled; `draining` requests were on their way and finish.

        If the answer is lost, ask again: repeating cancels what is left.
        """
        return await self._one(models.CampaignStopped, Call("POST", place("/campaigns/{}/stop", campaign_id)))

    async def set_campaign_rate(self, campaign_id: str, *, rate: float) -> models.RateSet:
        """Set the pace of a campaign's sender.

        Within a second its sender sends at this rate; the sender's other campaigns share it.

        - `rate`: Messages per second; 0: as fast as it goes.
        """
        return await self._one(
            models.RateSet, Call("PUT", place("/campaigns/{}/rate", campaign_id), json={"rate": rate})
        )

    async def retry_campaign(
        self,
        campaign_id: str,
        *,
        statuses: Sequence[Literal["failed", "expired", "cancelled", "unknown"]] | Unset = UNSET,
        name: str | Unset | None = UNSET,
        accept_duplicates: bool | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> models.CampaignDetail:
        """Write again to those who were not reached.

        A campaign of its own with the same content, launched at once. People who stopped meanwhile are
        left alone.

        While such a retry is under way, repeating shows it.

        - `statuses`: Where their messages stand.
        - `name`: What the new campaign is called.
        - `accept_duplicates`: Needed for `unknown`: some of these messages may have arrived.
        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.CampaignDetail,
            Call(
                "POST",
                place("/campaigns/{}/retries", campaign_id),
                json={"statuses": statuses, "name": name, "accept_duplicates": accept_duplicates},
                key=idempotency_key,
                once=True,
            ),
        )

    async def send_campaign_test(
        self,
        campaign_id: str,
        *,
        phone: str,
        contact_id: str | Unset | None = UNSET,
        variables: Mapping[str, Any] | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> models.TestSent:
        """Send a campaign's message to one number.

        To see it on a phone before everybody does: sent for real, before anything else, and in no
        campaign's books.

        Each call sends one more; with an Idempotency-Key, repeating does not.

        - `contact_id`: Whose values to fill in; without it those of the person with this number.
        - `variables`: Values over these.
        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.TestSent,
            Call(
                "POST",
                place("/campaigns/{}/tests", campaign_id),
                json={"phone": phone, "contact_id": contact_id, "variables": variables},
                key=idempotency_key,
                once=True,
            ),
        )

    async def get_campaign_stats(self, campaign_id: str) -> models.CampaignStats:
        """Show what a campaign has come to.

        Counters, the way from people to read messages, and failures by reason.

        Counters are exact. Of each reason up to 5,000 failures are counted; `at_least` says where there
        are more.
        """
        return await self._one(models.CampaignStats, Call("GET", place("/campaigns/{}/stats", campaign_id)))

    def list_campaign_recipients(
        self,
        campaign_id: str,
        *,
        limit: int | None = 100,
        cursor: str | None = None,
        status: models.Status | None = None,
        code: str | None = None,
    ) -> AsyncPages[models.Recipient]:
        """List the people of a campaign.

        Everybody whose message is written, in the order of their contacts' ids; those queued, in that of
        sending.

        With another filter, at most 10,000 people are looked at for one page: it may hold fewer than
        `limit`, even none, while `next_cursor` leads on. Up to 5,000 who failed, or whose message is on
        its way, are found at once.

        - `limit`: Most items on the page.
        - `cursor`: `next_cursor` of the page before; the first page without it.
        - `status`: Only those whose message stands here.
        - `code`: Only those whose message failed with this provider's code.
        """
        return self._pages(
            models.Recipient,
            Call(
                "GET",
                place("/campaigns/{}/recipients", campaign_id),
                query={"limit": limit, "cursor": cursor, "status": status, "code": code},
            ),
        )

    def export_campaign(self, campaign_id: str) -> AsyncDownload:
        """Download everybody of a campaign.

        A CSV file with a line for each message: who, where from, when, why, and what they read. It comes
        as a stream.
        """
        return self._download(Call("GET", place("/campaigns/{}/export", campaign_id)))

    async def send_message(
        self,
        *,
        sender_id: str,
        content: models.TextContent
        | Mapping[str, Any]
        | models.MediaContent
        | models.ButtonsContent
        | models.ListContent
        | models.TemplateUse,
        to: str | Unset | None = UNSET,
        contact_id: str | Unset | None = UNSET,
        variables: Mapping[str, Any] | Unset = UNSET,
        priority: Literal["high", "normal"] | Unset = UNSET,
        expires_at: datetime | Unset | None = UNSET,
        policy: models.Policy | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> models.QueuedMessage:
        """Send a message to one person.

        It is queued, and leaves before every campaign. Send an Idempotency-Key, so that repeating never
        sends it twice.

        What can be known is checked first: the number, the content's variables, whether the person
        stopped, the template as the provider approved it, and WhatsApp's 24-hour window for free text.

        - `to`: A phone number in international form. If it is no contact's yet, it becomes one, on no
          list.
        - `contact_id`: Or one of your contacts. Exactly one of the two.
        - `variables`: Values for what stands in the content, over the contact's own attributes.
        - `priority`: `high`: with replies, before journeys. `normal`: after them. Campaigns come after
          both.
        - `expires_at`: Not sent at all if it could not be sent by then; null: however long it takes.
        - `policy`: What happens when nobody knows whether the provider took it.
        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.QueuedMessage,
            Call(
                "POST",
                "/messages",
                json={
                    "sender_id": sender_id,
                    "to": to,
                    "contact_id": contact_id,
                    "variables": variables,
                    "priority": priority,
                    "expires_at": expires_at,
                    "policy": policy,
                    "content": content,
                },
                key=idempotency_key,
                once=True,
            ),
        )

    def list_messages(
        self,
        *,
        limit: int | None = 100,
        cursor: str | None = None,
        phone: str | None = None,
        contact_id: str | None = None,
        campaign_id: str | None = None,
        run_id: str | None = None,
        sender_id: str | None = None,
        status: models.Status | None = None,
        after: datetime | None = None,
        before: datetime | None = None,
    ) -> AsyncPages[models.Message]:
        """List messages, newest first.

        Newest first; of one campaign by their contacts' ids, the largest first. Filters may be combined.

        With filters, at most 10,000 messages are looked at for one page: it may hold fewer than `limit`,
        even none, while `next_cursor` leads on.

        - `limit`: Most items on the page.
        - `cursor`: `next_cursor` of the page before; the first page without it.
        - `phone`: Only to this person, however it is spelled.
        - `contact_id`: Only to this contact.
        - `campaign_id`: Only of this campaign.
        - `run_id`: Only of this run of a journey.
        - `sender_id`: Only from this sender.
        - `status`: Only those that stand here.
        - `after`: Only those written at this time or later.
        - `before`: Only those written before this time.
        """
        return self._pages(
            models.Message,
            Call(
                "GET",
                "/messages",
                query={
                    "limit": limit,
                    "cursor": cursor,
                    "phone": phone,
                    "contact_id": contact_id,
                    "campaign_id": campaign_id,
                    "run_id": run_id,
                    "sender_id": sender_id,
                    "status": status,
                    "after": after,
                    "before": before,
                },
            ),
        )

    async def send_messages(
        self, *, messages: Sequence[models.OneOfMany | Mapping[str, Any]], idempotency_key: str | None = None
    ) -> models.Verdicts:
        """Send up to 1,000 messages, each by itself.

        Each has its own verdict: one that is refused keeps none of the others back. For many people use a
        campaign.

        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.Verdicts,
            Call("POST", "/messages/bulk", json={"messages": messages}, key=idempotency_key, once=True),
        )

    async def get_message(self, message_id: str) -> models.MessageDetail:
        """Show a message.

        What it says, where it stands and why, and every request made for it.
        """
        return await self._one(models.MessageDetail, Call("GET", place("/messages/{}", message_id)))

    async def cancel_message(
        self, message_id: str, *, idempotency_key: str | None = None
    ) -> models.MessageDetail:
        """Cancel a message that waits.

        It will never be sent. One whose request has begun is not cancelled any more. Repeating changes
        nothing.

        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.MessageDetail,
            Call("POST", place("/messages/{}/cancel", message_id), key=idempotency_key, once=True),
        )

    async def resolve_message(
        self, message_id: str, *, resolution: models.Resolution, idempotency_key: str | None = None
    ) -> models.MessageDetail:
        """Decide about a message in doubt.

        For a message whose answer was lost, when you do not want to wait for evidence, or none came.

        What the provider tells later still counts.

        - `resolution`: `resend`: send it again, although it may have arrived. `arrived`: it did.
          `give_up`: it counts as failed.
        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.MessageDetail,
            Call(
                "POST",
                place("/messages/{}/resolution", message_id),
                json={"resolution": resolution},
                key=idempotency_key,
                once=True,
            ),
        )

    def list_doubts(
        self, *, limit: int | None = 100, cursor: str | None = None, unresolved: bool | None = None
    ) -> AsyncPages[models.Message]:
        """List the messages in doubt.

        Messages of which nobody knows whether the provider took them, oldest first. Most resolve by
        themselves.

        - `limit`: Most items on the page.
        - `cursor`: `next_cursor` of the page before; the first page without it.
        - `unresolved`: true: only those that wait for a decision; false: only the others.
        """
        return self._pages(
            models.Message,
            Call("GET", "/doubts", query={"limit": limit, "cursor": cursor, "unresolved": unresolved}),
        )

    async def list_node_kinds(self) -> models.GraphKinds:
        """List the kinds of nodes and edges.

        What a graph is made of, with JSON Schemas: a builder needs to know nothing else.
        """
        return await self._one(models.GraphKinds, Call("GET", "/journeys/node-kinds"))

    async def validate_journey(self, *, graph: Mapping[str, Any]) -> models.GraphCheck:
        """Check a graph.

        Everything wrong with a graph here, each thing with its place. Stores nothing.

        - `graph`: Nodes and edges, as docs/reference/nodes.md describes them; `GET /journeys/node-kinds`
          has the JSON Schema.
        """
        return await self._one(models.GraphCheck, Call("POST", "/journeys/validation", json={"graph": graph}))

    async def import_journey(
        self,
        *,
        file: Mapping[str, Any],
        name: str | Unset | None = UNSET,
        sender: str | Unset = UNSET,
        check: bool | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> models.ImportedJourney:
        """Import a journey.

        Make a journey of a file: Clarion's own, or another system's, with a report of what became of each
        part.

        - `file`: Its JSON: Clarion's, a Twilio Studio flow, or a Node platform's.
        - `name`: What the journey is called; null: as the file says.
        - `sender`: The sender its messages leave from; empty: as the file says.
        - `check`: Report, and store nothing.
        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.ImportedJourney,
            Call(
                "POST",
                "/journeys/import",
                json={"file": file, "name": name, "sender": sender, "check": check},
                key=idempotency_key,
                once=True,
            ),
        )

    async def try_journey(
        self,
        *,
        graph: Mapping[str, Any] | Unset | None = UNSET,
        journey_id: str | Unset | None = UNSET,
        version: int | Unset | None = UNSET,
        person: models.TrialPerson | Mapping[str, Any] | Unset = UNSET,
        start: datetime | Unset | None = UNSET,
        events: Sequence[models.Replies | Mapping[str, Any] | models.Waits | models.Answers | models.Closes]
        | Unset = UNSET,
        answers: Mapping[str, models.ServiceAnswer | Mapping[str, Any]] | Unset = UNSET,
    ) -> models.Trial:
        """Walk one person through a journey.

        Try a reply: what the journey says to this person, where they stand, and why each edge was taken
        or not.

        Nothing is kept: send all that happened so far, and the next thing. Messages arrive and are read
        at once; only `wait` moves the clock.

        - `graph`: Or a journey's.
        - `version`: Of the journey; null: its draft.
        - `start`: When it begins; null: now. Send back `started_at` to walk the same way again.
        - `events`: In the order in which it happened.
        - `answers`: What api nodes, by their id, are answered at once; the others wait for an event
          `answer`.
        """
        return await self._one(
            models.Trial,
            Call(
                "POST",
                "/journeys/trials",
                json={
                    "graph": graph,
                    "journey_id": journey_id,
                    "version": version,
                    "person": person,
                    "start": start,
                    "events": events,
                    "answers": answers,
                },
            ),
        )

    async def simulate_journey(
        self,
        journey_id: str,
        *,
        version: int | Unset | None = UNSET,
        lists: Sequence[str] | Unset = UNSET,
        people: int | Unset = UNSET,
        behaviour: Mapping[str, Any] | Unset = UNSET,
        follow: str | Unset = UNSET,
        seed: int | Unset = UNSET,
        rate: float | Unset | None = UNSET,
    ) -> models.Simulation:
        """Send people through a journey, virtually.

        The forecast of up to 10,000 people on a virtual clock, in at most 20 seconds. Nothing is sent or
        stored.

        One at a time is played: others wait, and a fifth is answered 429.

        - `version`: Of the journey; null: its draft.
        - `lists`: Whom to send: the people on these lists, at most 10,000. Empty: the journey's own
          lists, or `people`.
        - `people`: Instead so many invented ones, who have a value for every variable.
        - `behaviour`: How they behave, as `clarion journey simulate --replies FILE` takes it
          (docs/howto/try-a-journey.md). Empty: every way out of a wait is as likely as the others.
        - `follow`: How long to follow them.
        - `seed`: Another one, other people's luck; the same one, the same forecast.
        - `rate`: Messages per second (0: no limit); null: the senders' own.
        """
        return await self._one(
            models.Simulation,
            Call(
                "POST",
                place("/journeys/{}/simulations", journey_id),
                json={
                    "version": version,
                    "lists": lists,
                    "people": people,
                    "behaviour": behaviour,
                    "follow": follow,
                    "seed": seed,
                    "rate": rate,
                },
            ),
        )

    def list_journeys(
        self, *, limit: int | None = 100, cursor: str | None = None
    ) -> AsyncPages[models.JourneyItem]:
        """List the journeys.

        Every journey, newest first.

        - `limit`: Most items on the page.
        - `cursor`: `next_cursor` of the page before; the first page without it.
        """
        return self._pages(
            models.JourneyItem, Call("GET", "/journeys", query={"limit": limit, "cursor": cursor})
        )

    async def create_journey(
        self,
        *,
        graph: Mapping[str, Any],
        name: str | Unset | None = UNSET,
        idempotency_key: str | None = None,
    ) -> models.Journey:
        """Make a journey.

        Make a journey with a draft. The draft may have problems, which are told; publishing refuses them.

        - `graph`: Nodes and edges, as docs/reference/nodes.md describes them; `GET /journeys/node-kinds`
          has the JSON Schema.
        - `name`: Instead of the name in the graph.
        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.Journey,
            Call("POST", "/journeys", json={"name": name, "graph": graph}, key=idempotency_key, once=True),
        )

    async def get_journey(self, journey_id: str) -> models.Journey:
        """Show a journey.

        The draft, what is wrong with it, and the newest versions. `ETag` stands for the draft.
        """
        return await self._one(models.Journey, Call("GET", place("/journeys/{}", journey_id)))

    async def update_journey(
        self, journey_id: str, *, name: str, if_match: str | Unset = UNSET
    ) -> models.Journey:
        """Rename a journey.

        Rename it. Versions keep the name they were published with; other journeys that lead to it must be
        changed.

        - `if_match`: The `ETag` of what you have seen, such as `"3f0c..."`; `*` to go over whatever is
          there.
        """
        return await self._one(
            models.Journey,
            Call(
                "PATCH",
                place("/journeys/{}", journey_id),
                headers={"if-match": if_match},
                json={"name": name},
            ),
        )

    async def delete_journey(self, journey_id: str) -> None:
        """Delete a journey.

        Forget it with its versions, runs, and the ways people went. Refused while somebody is under way
        in it.
        """
        await self._none(Call("DELETE", place("/journeys/{}", journey_id)))

    async def save_journey_draft(
        self, journey_id: str, *, graph: Mapping[str, Any], if_match: str | Unset = UNSET
    ) -> models.Journey:
        """Save a journey's draft.

        Replace the draft you have seen: `If-Match` is needed. Versions and who is under way stay as they
        are.

        - `graph`: Nodes and edges, as docs/reference/nodes.md describes them; `GET /journeys/node-kinds`
          has the JSON Schema.
        - `if_match`: The `ETag` of what you have seen, such as `"3f0c..."`; `*` to go over whatever is
          there.
        """
        return await self._one(
            models.Journey,
            Call(
                "PUT",
                place("/journeys/{}/draft", journey_id),
                headers={"if-match": if_match},
                json={"graph": graph},
            ),
        )

    async def copy_journey(
        self, journey_id: str, *, name: str, idempotency_key: str | None = None
    ) -> models.Journey:
        """Copy a journey.

        Make a journey with the same draft under another name.

        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.Journey,
            Call(
                "POST",
                place("/journeys/{}/copy", journey_id),
                json={"name": name},
                key=idempotency_key,
                once=True,
            ),
        )

    async def export_journey(self, journey_id: str, *, version: int | None = None) -> dict[str, Any]:
        """Export a journey.

        The graph alone, as files hold it: the same graph gives the same JSON.

        - `version`: By default the draft.
        """
        return cast(
            "dict[str, Any]",
            await self._value(
                dict[str, Any],
                Call("GET", place("/journeys/{}/export", journey_id), query={"version": version}),
            ),
        )

    async def publish_journey(
        self,
        journey_id: str,
        *,
        if_match: str | Unset = UNSET,
        note: str | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> models.PublishedVersion:
        """Publish a journey.

        Freeze the draft as the next version, which people enter from now on; who is under way stays on
        theirs.

        With `If-Match` only the draft you have seen. Refused with every error of the graph and its place.

        - `if_match`: The `ETag` of what you have seen, such as `"3f0c..."`; `*` to go over whatever is
          there.
        - `note`: What is new, for whoever looks at the versions later.
        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.PublishedVersion,
            Call(
                "POST",
                place("/journeys/{}/versions", journey_id),
                headers={"if-match": if_match},
                json={"note": note},
                key=idempotency_key,
                once=True,
            ),
        )

    def list_journey_versions(
        self, journey_id: str, *, limit: int | None = 100, cursor: str | None = None
    ) -> AsyncPages[models.VersionItem]:
        """List a journey's versions.

        What was published, newest first, without the graphs.

        - `limit`: Most items on the page.
        - `cursor`: `next_cursor` of the page before; the first page without it.
        """
        return self._pages(
            models.VersionItem,
            Call("GET", place("/journeys/{}/versions", journey_id), query={"limit": limit, "cursor": cursor}),
        )

    async def get_journey_version(self, journey_id: str, number: int) -> models.Version:
        """Show a version.

        One version with its graph.

        - `number`: A version's number.
        """
        return await self._one(
            models.Version, Call("GET", place("/journeys/{}/versions/{}", journey_id, number))
        )

    async def compare_journey_versions(
        self, journey_id: str, *, from_: str, to: str | None = None
    ) -> models.JourneyDiff:
        """Compare two versions.

        What differs from one version, or the draft, to another: nodes, edges, and which of their fields.

        - `from_`: `draft`, or a version's number.
        - `to`: `draft`, or a version's number.
        """
        return await self._one(
            models.JourneyDiff,
            Call("GET", place("/journeys/{}/diff", journey_id), query={"from": from_, "to": to}),
        )

    async def start_run(
        self,
        journey_id: str,
        *,
        lists: Sequence[str] | Unset = UNSET,
        name: str | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> models.Run:
        """Start a run.

        Send everybody on the lists into the published version. They enter from now on; see the run for
        how far.

        - `lists`: Whom it is for; empty: the lists that the journey names.
        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.Run,
            Call(
                "POST",
                place("/journeys/{}/runs", journey_id),
                json={"lists": lists, "name": name},
                key=idempotency_key,
                once=True,
            ),
        )

    async def enter_journey(
        self,
        journey_id: str,
        *,
        phone: str | Unset | None = UNSET,
        contact_id: str | Unset | None = UNSET,
        variables: Mapping[str, str | float | bool | None] | Unset = UNSET,
        key: str | Unset = UNSET,
        idempotency_key: str | None = None,
    ) -> models.Position:
        """Send one person into a journey.

        Let one person enter the published version, whose start must allow it (`api`).

        - `phone`: In international form; the contact is made if it is new. Or `contact_id`.
        - `variables`: What texts of this journey may use, beside the contact's attributes.
        - `key`: The occasion, where people may enter again and again: for the same one they enter once.
        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.Position,
            Call(
                "POST",
                place("/journeys/{}/entries", journey_id),
                json={"phone": phone, "contact_id": contact_id, "variables": variables, "key": key},
                key=idempotency_key,
                once=True,
            ),
        )

    def list_runs(
        self,
        *,
        journey_id: str | None = None,
        status: Literal["running", "paused", "stopped", "finished"] | None = None,
        limit: int | None = 100,
        cursor: str | None = None,
    ) -> AsyncPages[models.Run]:
        """List the runs.

        Runs, newest first.

        - `journey_id`: Only of this journey.
        - `status`: Only with this status.
        - `limit`: Most items on the page.
        - `cursor`: `next_cursor` of the page before; the first page without it.
        """
        return self._pages(
            models.Run,
            Call(
                "GET",
                "/runs",
                query={"journey_id": journey_id, "status": status, "limit": limit, "cursor": cursor},
            ),
        )

    async def get_run(self, run_id: str) -> models.Run:
        """Show a run.

        One run.
        """
        return await self._one(models.Run, Call("GET", place("/runs/{}", run_id)))

    async def pause_run(self, run_id: str, *, reason: str | Unset = UNSET) -> models.HeldRun:
        """Pause a run.

        Nothing new is sent and nobody moves once this answers. Replies are kept, timers run on. Repeating
        is safe.

        - `reason`: Shown wherever the run is.
        """
        return await self._one(
            models.HeldRun, Call("POST", place("/runs/{}/pause", run_id), json={"reason": reason})
        )

    async def resume_run(self, run_id: str, *, idempotency_key: str | None = None) -> models.Run:
        """Resume a run.

        Go on exactly where everybody was: what came due meanwhile happens now.

        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.Run, Call("POST", place("/runs/{}/resume", run_id), key=idempotency_key, once=True)
        )

    async def stop_run(
        self, run_id: str, *, reason: str | Unset = UNSET, idempotency_key: str | None = None
    ) -> models.HeldRun:
        """Stop a run for good.

        End it: everybody in it ends as `stopped`, what was not sent is cancelled. It cannot be resumed.

        - `reason`: Shown wherever the run is.
        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.HeldRun,
            Call(
                "POST",
                place("/runs/{}/stop", run_id),
                json={"reason": reason},
                key=idempotency_key,
                once=True,
            ),
        )

    async def get_run_stats(self, run_id: str, *, messages: bool | None = None) -> models.RunStats:
        """Show how a run stands.

        For each node who entered, who is there, and how they left: figures of one moment, for any number
        of people.

        - `messages`: Count its messages and failures, too: that walks through all of them.
        """
        return await self._one(
            models.RunStats, Call("GET", place("/runs/{}/stats", run_id), query={"messages": messages})
        )

    async def preview_move(
        self, run_id: str, *, version: int, mapping: Mapping[str, str] | Unset = UNSET
    ) -> models.MovePreview:
        """Show where people would land.

        Who would land where if people under way went over to another version. Changes nothing.

        - `mapping`: Where people land whose node has another name there: old node, new node of the same
          kind.
        """
        return await self._one(
            models.MovePreview,
            Call(
                "POST", place("/runs/{}/moves/preview", run_id), json={"version": version, "mapping": mapping}
            ),
        )

    async def move_run(
        self, run_id: str, *, version: int, mapping: Mapping[str, str] | Unset = UNSET
    ) -> models.Moved:
        """Move people to another version.

        Bring people over where they stand, as the preview shows; nobody is written to by that.

        Works for ten seconds at most: while `left` is not 0, ask again. Repeating it moves who is left.

        - `mapping`: Where people land whose node has another name there: old node, new node of the same
          kind.
        """
        return await self._one(
            models.Moved,
            Call("POST", place("/runs/{}/moves", run_id), json={"version": version, "mapping": mapping}),
        )

    def list_positions(
        self,
        run_id: str,
        *,
        node: str | None = None,
        outcome: str | None = None,
        limit: int | None = 100,
        cursor: str | None = None,
    ) -> AsyncPages[models.Position]:
        """List the people in a run.

        In the order they entered. With `node`, a page may be short, or empty, while there is a
        `next_cursor`.

        - `node`: Only who stands at this node now.
        - `outcome`: Only who ended with this outcome.
        - `limit`: Most items on the page.
        - `cursor`: `next_cursor` of the page before; the first page without it.
        """
        return self._pages(
            models.Position,
            Call(
                "GET",
                place("/runs/{}/positions", run_id),
                query={"node": node, "outcome": outcome, "limit": limit, "cursor": cursor},
            ),
        )

    async def trace_person(self, run_id: str, *, phone: str) -> models.RunTrace:
        """Show how one person went through a run.

        Every event with the edges that were looked at and why, the messages and the replies.

        - `phone`: In international form, such as +14155552671.
        """
        return await self._one(
            models.RunTrace, Call("GET", place("/runs/{}/trace", run_id), query={"phone": phone})
        )

    async def get_position(self, position_id: str) -> models.Passage:
        """Show one person's way through a run.

        Where they stand, and how they came there: every event, why each edge was taken or not, messages,
        replies.
        """
        return await self._one(models.Passage, Call("GET", place("/positions/{}", position_id)))

    def list_conversations(
        self,
        *,
        state: Literal["open", "closed", "all"] | None = None,
        assignee: str | None = None,
        unread: bool | None = None,
        limit: int | None = 100,
        cursor: str | None = None,
    ) -> AsyncPages[models.Conversation]:
        """List the conversations.

        Conversations, those that moved last first.

        - `state`: Only with this state.
        - `assignee`: A user's id, `me` or `nobody`.
        - `unread`: Only with replies that nobody has read.
        - `limit`: Most items on the page.
        - `cursor`: `next_cursor` of the page before; the first page without it.
        """
        return self._pages(
            models.Conversation,
            Call(
                "GET",
                "/conversations",
                query={
                    "state": state,
                    "assignee": assignee,
                    "unread": unread,
                    "limit": limit,
                    "cursor": cursor,
                },
            ),
        )

    async def get_conversation(self, conversation_id: str) -> models.Conversation:
        """Show a conversation.

        One conversation, without what was said.
        """
        return await self._one(models.Conversation, Call("GET", place("/conversations/{}", conversation_id)))

    async def update_conversation(
        self,
        conversation_id: str,
        *,
        state: Literal["open", "closed"] | Unset = UNSET,
        assignee_id: str | Unset | None = UNSET,
    ) -> models.Conversation:
        """Close, open again or assign a conversation.

        Change its state, or who is to deal with it.

        - `state`: closed: it is dealt with and read; its handoffs are closed, and journeys that wait for
          that go on.
        - `assignee_id`: A user of the workspace; null: nobody.
        """
        return await self._one(
            models.Conversation,
            Call(
                "PATCH",
                place("/conversations/{}", conversation_id),
                json={"state": state, "assignee_id": assignee_id},
            ),
        )

    def list_conversation_entries(
        self, conversation_id: str, *, limit: int | None = 100, cursor: str | None = None
    ) -> AsyncPages[models.Entry]:
        """List what was said.

        Our messages and their replies on this number, newest first.

        - `limit`: Most items on the page.
        - `cursor`: `next_cursor` of the page before; the first page without it.
        """
        return self._pages(
            models.Entry,
            Call(
                "GET",
                place("/conversations/{}/entries", conversation_id),
                query={"limit": limit, "cursor": cursor},
            ),
        )

    async def reply_to_conversation(
        self,
        conversation_id: str,
        *,
        content: models.TextContent
        | Mapping[str, Any]
        | models.MediaContent
        | models.ButtonsContent
        | models.ListContent
        | models.TemplateUse,
        idempotency_key: str | None = None,
    ) -> models.SentReply:
        """Answer.

        Send something to this person from the number they wrote to, before everything else it has to
        send.

        On WhatsApp anything but a template only within 24 hours after they wrote. It is taken as read.

        - `content`: Sent as it is: nothing in it is filled in.
        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.SentReply,
            Call(
                "POST",
                place("/conversations/{}/replies", conversation_id),
                json={"content": content},
                key=idempotency_key,
                once=True,
            ),
        )

    async def read_conversation(
        self, conversation_id: str, *, upto: str | Unset | None = UNSET, idempotency_key: str | None = None
    ) -> models.Conversation:
        """Mark a conversation as read.

        The replies up to this one were read; what came since stays unread.

        - `upto`: The newest reply that was seen; null: all there is.
        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.Conversation,
            Call(
                "POST",
                place("/conversations/{}/read", conversation_id),
                json={"upto": upto},
                key=idempotency_key,
                once=True,
            ),
        )

    def list_handoffs(
        self, *, limit: int | None = 100, cursor: str | None = None
    ) -> AsyncPages[models.Handoff]:
        """List the open handoffs.

        What journeys put before people and nobody has closed, oldest first.

        - `limit`: Most items on the page.
        - `cursor`: `next_cursor` of the page before; the first page without it.
        """
        return self._pages(models.Handoff, Call("GET", "/handoffs", query={"limit": limit, "cursor": cursor}))

    async def close_handoff(
        self, handoff_id: str, *, idempotency_key: str | None = None
    ) -> models.ClosedHandoff:
        """Close a handoff.

        It is dealt with: a journey that waits for that goes on. Repeating it changes nothing.

        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.ClosedHandoff,
            Call("POST", place("/handoffs/{}/close", handoff_id), key=idempotency_key, once=True),
        )

    def list_unwanted_replies(
        self, *, limit: int | None = 100, cursor: str | None = None
    ) -> AsyncPages[models.UnwantedReply]:
        """List the replies that wait for people.

        Replies that no journey wanted and nobody has read, newest first.

        - `limit`: Most items on the page.
        - `cursor`: `next_cursor` of the page before; the first page without it.
        """
        return self._pages(
            models.UnwantedReply, Call("GET", "/replies", query={"limit": limit, "cursor": cursor})
        )

    async def read_reply(self, reply_id: str, *, idempotency_key: str | None = None) -> None:
        """Mark a reply as read.

        One reply was read; its conversation has one unread less. Repeating it changes nothing.

        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        await self._none(Call("POST", place("/replies/{}/read", reply_id), key=idempotency_key, once=True))

    async def list_providers(self) -> models.Providers:
        """List the providers.

        Every provider, with the fields that a sender of it has.
        """
        return await self._one(models.Providers, Call("GET", "/providers"))

    def list_senders(self) -> AsyncPages[models.Sender]:
        """List the senders.

        Every sender of the workspace, oldest first, on one page.
        """
        return self._pages(models.Sender, Call("GET", "/senders"))

    async def create_sender(
        self,
        *,
        name: str,
        provider: str,
        account: str,
        config: Mapping[str, str] | Unset = UNSET,
        secrets: Mapping[str, str] | Unset = UNSET,
        rate: float | Unset | None = UNSET,
        idempotency_key: str | None = None,
    ) -> models.SenderDetail:
        """Add a sender.

        Add a sender. Nothing is asked of the provider yet: `POST /senders/{id}/check` does.

        - `name`: What campaigns and journeys call it by.
        - `provider`: One of `GET /providers`.
        - `account`: What the provider knows it by: the phone number id (WhatsApp), the account SID
          (Twilio).
        - `config`: The provider's other fields that are not secret.
        - `secrets`: Its credentials.
        - `rate`: Messages per second, 0: as fast as it goes; null: what the provider allows everybody.
        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.SenderDetail,
            Call(
                "POST",
                "/senders",
                json={
                    "name": name,
                    "provider": provider,
                    "account": account,
                    "config": config,
                    "secrets": secrets,
                    "rate": rate,
                },
                key=idempotency_key,
                once=True,
            ),
        )

    async def get_sender(self, sender_id: str) -> models.SenderDetail:
        """Show a sender.

        One sender, without its credentials.
        """
        return await self._one(models.SenderDetail, Call("GET", place("/senders/{}", sender_id)))

    async def change_sender(
        self, sender_id: str, *, name: str | Unset = UNSET, config: Mapping[str, str | None] | Unset = UNSET
    ) -> models.SenderDetail:
        """Change a sender.

        Change its name or fields. Used within two seconds, also by what is under way.

        - `config`: Values by field; those left out stay, null takes one away.
        """
        return await self._one(
            models.SenderDetail,
            Call("PATCH", place("/senders/{}", sender_id), json={"name": name, "config": config}),
        )

    async def delete_sender(self, sender_id: str) -> None:
        """Delete a sender.

        Forget a sender and its credentials. Refused while campaigns, journeys or waiting messages need
        it.
        """
        await self._none(Call("DELETE", place("/senders/{}", sender_id)))

    async def replace_sender_secrets(
        self, sender_id: str, *, secrets: Mapping[str, str | None]
    ) -> models.StoredSecrets:
        """Replace a sender's credentials.

        Replace credentials, such as a token that ran out. Used within two seconds; a paused sender stays
        paused.

        - `secrets`: Values by field; null takes one away.
        """
        return await self._one(
            models.StoredSecrets,
            Call("PUT", place("/senders/{}/secrets", sender_id), json={"secrets": secrets}),
        )

    async def set_sender_rate(self, sender_id: str, *, rate: float) -> models.Sender:
        """Set a sender's rate.

        Send so fast from now on. Takes effect within a second, also while campaigns run.

        - `rate`: Messages per second; 0: as fast as it goes.
        """
        return await self._one(
            models.Sender, Call("PUT", place("/senders/{}/rate", sender_id), json={"rate": rate})
        )

    async def pause_sender(
        self, sender_id: str, *, reason: str | Unset = UNSET, idempotency_key: str | None = None
    ) -> models.Sender:
        """Pause a sender.

        Start nothing more from it, whatever the campaign. Repeating changes the reason.

        - `reason`: Shown wherever the sender is.
        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.Sender,
            Call(
                "POST",
                place("/senders/{}/pause", sender_id),
                json={"reason": reason},
                key=idempotency_key,
                once=True,
            ),
        )

    async def resume_sender(self, sender_id: str, *, idempotency_key: str | None = None) -> models.Sender:
        """Resume a sender.

        Let it send again; what waited goes on.

        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.Sender,
            Call("POST", place("/senders/{}/resume", sender_id), key=idempotency_key, once=True),
        )

    async def get_sender_health(self, sender_id: str) -> models.SenderHealth:
        """How a sender does.

        Its state, pace and what came of its requests, from what is stored; the provider is not asked.
        """
        return await self._one(models.SenderHealth, Call("GET", place("/senders/{}/health", sender_id)))

    async def check_sender(self, sender_id: str) -> models.ProviderWord:
        """Ask the provider about a sender.

        Ask the provider whether it can send: credentials, quality, throughput. A refusal is an answer:
        `ok` false.
        """
        return await self._one(models.ProviderWord, Call("POST", place("/senders/{}/check", sender_id)))

    def list_templates(
        self,
        *,
        sender_id: str | None = None,
        status: str | None = None,
        name: str | None = None,
        language: str | None = None,
        limit: int | None = 100,
        cursor: str | None = None,
    ) -> AsyncPages[models.Template]:
        """List the templates.

        The templates as they were last listed by their providers, by name and language.

        - `sender_id`: Only those that this sender can use.
        - `status`: Only those of this status, such as APPROVED.
        - `name`: Only those of this name.
        - `language`: Only those of this language.
        - `limit`: Most items on the page.
        - `cursor`: `next_cursor` of the page before; the first page without it.
        """
        return self._pages(
            models.Template,
            Call(
                "GET",
                "/templates",
                query={
                    "sender_id": sender_id,
                    "status": status,
                    "name": name,
                    "language": language,
                    "limit": limit,
                    "cursor": cursor,
                },
            ),
        )

    async def create_template(
        self,
        *,
        sender_id: str,
        name: str,
        language: str,
        category: Literal["MARKETING", "UTILITY", "AUTHENTICATION"],
        content: models.TemplateContent | Mapping[str, Any],
    ) -> models.TemplateDetail:
        """Submit a template.

        Submit a template to the provider for approval.

        After an answer that was lost, ask for a sync before repeating it: the provider may have it
        already.

        - `sender_id`: A sender of the account that it is for.
        """
        return await self._one(
            models.TemplateDetail,
            Call(
                "POST",
                "/templates",
                json={
                    "sender_id": sender_id,
                    "name": name,
                    "language": language,
                    "category": category,
                    "content": content,
                },
            ),
        )

    async def sync_templates(self, sender_id: str) -> models.SyncResult:
        """Fetch a sender's templates.

        Ask the provider for its templates, and keep what it lists. Campaigns are checked against what was
        kept last.
        """
        return await self._one(
            models.SyncResult, Call("POST", place("/senders/{}/templates/sync", sender_id))
        )

    async def get_template(self, template_id: str) -> models.TemplateDetail:
        """Show a template.

        One template with its parts. Its `ETag` is needed to change it.
        """
        return await self._one(models.TemplateDetail, Call("GET", place("/templates/{}", template_id)))

    async def change_template(
        self,
        template_id: str,
        *,
        content: models.TemplateContent | Mapping[str, Any],
        if_match: str | Unset = UNSET,
        category: Literal["MARKETING", "UTILITY", "AUTHENTICATION"] | Unset | None = UNSET,
    ) -> models.TemplateDetail:
        """Change a template.

        Submit another definition for approval, where the provider allows: WhatsApp once a day, Twilio
        never.

        - `if_match`: The `ETag` of what you have seen, such as `"3f0c..."`; `*` to go over whatever is
          there.
        - `category`: null: as it is.
        """
        return await self._one(
            models.TemplateDetail,
            Call(
                "PUT",
                place("/templates/{}", template_id),
                headers={"if-match": if_match},
                json={"content": content, "category": category},
            ),
        )

    async def delete_template(self, template_id: str) -> None:
        """Delete a template.

        Delete a template at its provider, for every sender of the account. Refused while a campaign needs
        it.
        """
        await self._none(Call("DELETE", place("/templates/{}", template_id)))

    async def preview_template(
        self,
        template_id: str,
        *,
        contact_id: str | Unset | None = UNSET,
        variables: Mapping[str, str] | Unset = UNSET,
    ) -> models.TemplatePreview:
        """Show a template as a person sees it.

        The template with its variables filled in, for a contact or with texts of your own. Changes
        nothing.

        - `contact_id`: Whose attributes the texts may use; a variable with a name takes the attribute of
          that name by itself.
        - `variables`: Texts by variable. With a contact they may hold `{{ attribute }}`.
        """
        return await self._one(
            models.TemplatePreview,
            Call(
                "POST",
                place("/templates/{}/preview", template_id),
                json={"contact_id": contact_id, "variables": variables},
            ),
        )

    async def get_engine(self) -> models.EngineHealth:
        """How the engine does.

        What waits for this workspace, which processes work, and how late they are.
        """
        return await self._one(models.EngineHealth, Call("GET", "/engine"))

    def list_notices(
        self, *, limit: int | None = 100, cursor: str | None = None
    ) -> AsyncPages[models.Notice]:
        """List what providers told.

        What providers told about templates and accounts, newest first.

        - `limit`: Most items on the page.
        - `cursor`: `next_cursor` of the page before; the first page without it.
        """
        return self._pages(
            models.Notice, Call("GET", "/engine/notices", query={"limit": limit, "cursor": cursor})
        )

    def list_audit(
        self,
        *,
        actor: str | None = None,
        action: str | None = None,
        after: datetime | None = None,
        before: datetime | None = None,
        limit: int | None = 100,
        cursor: str | None = None,
    ) -> AsyncPages[models.AuditEntry]:
        """List the audit log.

        What was done in the workspace, newest first. Entries are only ever added, and each carries a hash
        over the one before it.

        - `actor`: Only what this one did.
        - `action`: Only this.
        - `after`: Only at or after this time.
        - `before`: Only before this time.
        - `limit`: Most items on the page.
        - `cursor`: `next_cursor` of the page before; the first page without it.
        """
        return self._pages(
            models.AuditEntry,
            Call(
                "GET",
                "/audit",
                query={
                    "actor": actor,
                    "action": action,
                    "after": after,
                    "before": before,
                    "limit": limit,
                    "cursor": cursor,
                },
            ),
        )

    async def verify_audit(self) -> models.Verification:
        """Verify the audit log.

        Walk the whole chain of hashes: about a second for each hundred thousand entries.
        """
        return await self._one(models.Verification, Call("GET", "/audit/verification"))

    async def list_webhook_events(self) -> models.EventKinds:
        """List the events.

        Everything that a webhook may be told of, with the fields and an example of each.
        """
        return await self._one(models.EventKinds, Call("GET", "/webhooks/events"))

    def list_webhooks(self) -> AsyncPages[models.Webhook]:
        """List the webhooks.

        Every webhook of the workspace, newest first, on one page: there are at most fifty.
        """
        return self._pages(models.Webhook, Call("GET", "/webhooks"))

    async def create_webhook(
        self, *, url: str, events: Sequence[models.Event] | Unset = UNSET, description: str | Unset = UNSET
    ) -> models.MadeWebhook:
        """Make a webhook.

        Tell an address of what happens, from two seconds after this. Its secret is in the answer, and
        never told again.

        Nothing is sent to it yet: `POST /webhooks/{id}/test` does.

        - `url`: Where each event is sent by POST. Only addresses on the public internet, unless the
          operator allows more.
        - `events`: What it is told of; none: everything, also what later releases add.
        - `description`: What it is for, as you will recognise it later.
        """
        return await self._one(
            models.MadeWebhook,
            Call("POST", "/webhooks", json={"url": url, "events": events, "description": description}),
        )

    async def get_webhook(self, webhook_id: str) -> models.Webhook:
        """Show a webhook.

        One webhook, without its secret.
        """
        return await self._one(models.Webhook, Call("GET", place("/webhooks/{}", webhook_id)))

    async def change_webhook(
        self,
        webhook_id: str,
        *,
        url: str | Unset = UNSET,
        events: Sequence[models.Event] | Unset = UNSET,
        description: str | Unset = UNSET,
    ) -> models.Webhook:
        """Change a webhook.

        Change what is given. What is queued goes to the new address.

        - `events`: None: everything.
        """
        return await self._one(
            models.Webhook,
            Call(
                "PATCH",
                place("/webhooks/{}", webhook_id),
                json={"url": url, "events": events, "description": description},
            ),
        )

    async def delete_webhook(self, webhook_id: str) -> None:
        """Delete a webhook.

        Tell it nothing more. What was not sent yet never is, and the log of its deliveries goes with it.
        """
        await self._none(Call("DELETE", place("/webhooks/{}", webhook_id)))

    async def rotate_webhook_secret(self, webhook_id: str) -> models.Secret:
        """Give a webhook a new secret.

        For a day each request is signed with the new secret and with the one before: change yours in that
        time.
        """
        return await self._one(models.Secret, Call("POST", place("/webhooks/{}/rotate-secret", webhook_id)))

    async def pause_webhook(self, webhook_id: str, *, idempotency_key: str | None = None) -> models.Webhook:
        """Pause a webhook.

        What happens from now on is not kept for it; what is queued waits. Repeating does nothing.

        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.Webhook,
            Call("POST", place("/webhooks/{}/pause", webhook_id), key=idempotency_key, once=True),
        )

    async def resume_webhook(self, webhook_id: str, *, idempotency_key: str | None = None) -> models.Webhook:
        """Resume a webhook.

        Tell it again, also one that was disabled; what is queued goes out. Repeating does nothing.

        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.Webhook,
            Call("POST", place("/webhooks/{}/resume", webhook_id), key=idempotency_key, once=True),
        )

    async def test_webhook(self, webhook_id: str, *, idempotency_key: str | None = None) -> models.Delivery:
        """Send a webhook a test event.

        Send `webhook.test`, whatever it wants to hear of. The delivery says what came of it.

        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.Delivery,
            Call("POST", place("/webhooks/{}/test", webhook_id), key=idempotency_key, once=True),
        )

    def list_deliveries(
        self,
        webhook_id: str,
        *,
        limit: int | None = 100,
        cursor: str | None = None,
        state: Literal["queued", "sending", "delivered", "failed"] | None = None,
        event: models.Event | None = None,
    ) -> AsyncPages[models.Delivery]:
        """List a webhook's deliveries.

        What it was told in the last 30 days, or is to be, newest first.

        - `limit`: Most items on the page.
        - `cursor`: `next_cursor` of the page before; the first page without it.
        - `state`: Only in this state.
        - `event`: Only of this event.
        """
        return self._pages(
            models.Delivery,
            Call(
                "GET",
                place("/webhooks/{}/deliveries", webhook_id),
                query={"limit": limit, "cursor": cursor, "state": state, "event": event},
            ),
        )

    async def resend_failed_deliveries(
        self, webhook_id: str, *, since: datetime | Unset | None = UNSET, idempotency_key: str | None = None
    ) -> models.Resent:
        """Send again what failed.

        Send failed deliveries again, the oldest thousand at a time: same body, same `webhook-id`, all
        tries anew.

        - `since`: Those made since then; null: all that are kept.
        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.Resent,
            Call(
                "POST",
                place("/webhooks/{}/resend", webhook_id),
                json={"since": since},
                key=idempotency_key,
                once=True,
            ),
        )

    async def get_delivery(self, delivery_id: str) -> models.DeliveryDetail:
        """Show a delivery.

        One delivery, with the bytes that are sent.
        """
        return await self._one(models.DeliveryDetail, Call("GET", place("/deliveries/{}", delivery_id)))

    async def resend_delivery(
        self, delivery_id: str, *, idempotency_key: str | None = None
    ) -> models.Delivery:
        """Send a delivery again.

        Send it now, whatever came of it: same body, same `webhook-id`, all tries anew. One on its way
        stays so.

        - `idempotency_key`: One of your own, if you may ask again later; else one is made for each call.
        """
        return await self._one(
            models.Delivery,
            Call("POST", place("/deliveries/{}/resend", delivery_id), key=idempotency_key, once=True),
        )
