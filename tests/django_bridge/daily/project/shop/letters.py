"""What is written to customers."""

from __future__ import annotations


def subject(invoice):
    """The subject of an invoice's mail."""
    name, domain = invoice.customer.email.split("@")
    return f"Invoice {invoice.pk} for {name} at {domain}: {invoice.total}"
