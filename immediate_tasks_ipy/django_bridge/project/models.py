"""The project's models by name, as `manage.py shell` has them."""

from __future__ import annotations

from typing import Any

from django.apps import apps


def models_by_name() -> dict[str, Any]:
    """Every model by its name; where two have one name, that of the application listed first."""
    return {model.__name__: model for model in reversed(apps.get_models())}
