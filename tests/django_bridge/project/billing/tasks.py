"""The project's tasks: sync, async, with the ORM, in a transaction, failing, with a context."""

from __future__ import annotations

import asyncio
import time

from django.db import transaction

from billing.framework import task
from billing.mail import render
from billing.models import Invoice


@task
def add(a, b):
    """No Django in it."""
    return a + b


@task
async def aadd(a, b):
    await asyncio.sleep(0)
    return a + b


@task
def send_invoice(number):
    """Sends one invoice, and says so in the database."""
    invoice = Invoice.objects.get(pk=number)
    subject = render(invoice)
    invoice.sent = True
    invoice.save(update_fields=["sent"])
    return {"invoice": number, "subject": subject}


@task
async def asend_invoice(number):
    """The same, with the async ORM."""
    invoice = await Invoice.objects.aget(pk=number)
    subject = render(invoice)
    invoice.sent = True
    await invoice.asave(update_fields=["sent"])
    return {"invoice": number, "subject": subject}


@task
def send_all(fail_at=None):
    """Sends all invoices or none."""
    with transaction.atomic():
        for invoice in Invoice.objects.select_for_update().filter(sent=False):
            if invoice.pk == fail_at:
                msg = f"{invoice} bounced"
                raise RuntimeError(msg)
            invoice.sent = True
            invoice.save(update_fields=["sent"])
    return Invoice.objects.filter(sent=True).count()


@task
def fail():
    msg = "no such customer"
    raise LookupError(msg)


@task(takes_context=True)
def attempt(context, greeting):
    return f"{greeting}, attempt {context.attempt} of {context.task_result.task.name}"


@task(queue_name="mail", priority=10)
def remind(number):
    return f"reminded {number}"


@task
def await_sent(number):
    """Runs until somebody marks the invoice as sent."""
    while not Invoice.objects.filter(pk=number, sent=True).exists():
        time.sleep(0.02)
    return number


@task(backend="database")
def archive(number):
    """A task of the database backend."""
    return f"archived {number}"
