"""Where invoices would leave the house."""

from __future__ import annotations


def render(invoice):
    """The subject of an invoice's mail."""
    name, domain = invoice.email.split("@")
    return f"{invoice.customer} ({name} at {domain}): {invoice.amount} due"
