"""What Meta's error codes mean for us; the table itself is codes.json beside this file."""

from clarion.providers.codes import Codes

CODES = Codes("clarion.providers.whatsapp")
