"""Every setting, read here and nowhere else; `bootstrap` and `cli` pass the values on.

The setting `http.port` is the variable CLARION_HTTP__PORT, in the environment or in a file `.env` of the
working directory; the environment wins. CLARION_HTTP__PORT_FILE names a file that holds the value instead, as
container secrets do. Durations are ISO 8601 (PT0.02S, PT30S, PT24H).
"""

from clarion.settings.model import Settings, load_settings, micros, secret_keys
from clarion.settings.report import Setting, describe
from clarion.settings.sources import SettingsError

__all__ = ["Setting", "Settings", "SettingsError", "describe", "load_settings", "micros", "secret_keys"]
