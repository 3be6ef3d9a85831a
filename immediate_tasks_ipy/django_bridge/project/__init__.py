"""What a kernel does for its project: says what it is on, asks before a remote database, ..."""

from .console_log import ConsoleLog
from .greeting import greeting
from .imported_sources import ask_for_reloads, note_imports
from .models import models_by_name
from .remote_database import RemoteDatabases, ask_with

__all__ = [
    "ConsoleLog",
    "RemoteDatabases",
    "ask_for_reloads",
    "ask_with",
    "greeting",
    "models_by_name",
    "note_imports",
]
