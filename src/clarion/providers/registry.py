"""The providers there are. Adding one is a folder like its neighbours, and a line here."""

from collections.abc import Mapping

from clarion.domain.errors import BadSender, NotFound
from clarion.providers.base import Provider, SenderAccount
from clarion.providers.kind import ProviderKind
from clarion.providers.transport import Transport
from clarion.providers.twilio import TWILIO
from clarion.providers.whatsapp import WHATSAPP

PROVIDERS: dict[str, ProviderKind] = {kind.name: kind for kind in (WHATSAPP, TWILIO)}


def kind_of(name: str) -> ProviderKind:
    """The provider called `name`. Raises NotFound."""
    try:
        return PROVIDERS[name]
    except KeyError:
        raise NotFound("provider", name) from None


def build(
    name: str,
    account: SenderAccount,
    transport: Transport,
    *,
    settings: Mapping[str, str] | None = None,
    public_url: str,
) -> Provider:
    """A Provider for one sender. `settings` overrides the provider's defaults (base URLs, version).

    `public_url` is where the provider reaches this installation, without a path. Raises NotFound, BadSender.
    """
    kind = kind_of(name)
    values = {setting.name: setting.default for setting in kind.settings}
    unknown = [key for key in settings or {} if key not in values]
    if unknown:
        raise BadSender(kind.title, [f"{key} is not a setting of {kind.title}" for key in unknown])
    values.update(settings or {})
    return kind.open(account, transport, values, f"{public_url.rstrip('/')}/webhooks/{name}")
