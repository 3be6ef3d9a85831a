"""Previews of values that are no JSON: what is shown of a live object."""
