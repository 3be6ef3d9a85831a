"""The shop's tasks."""

from __future__ import annotations

import asyncio
import threading
from functools import partial
from importlib import import_module

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.mail import send_mail
from django.db import connection, transaction

from shop import letters
from shop.models import Customer, Invoice

task = import_module(settings.FRAMEWORK).task


@task
def make(name):
    """Add a customer."""
    return Customer.objects.create(name=name).pk


@task
async def amake(name):
    """Add a customer, awaited."""
    return (await Customer.objects.acreate(name=name)).pk


@task(queue_name="mail", priority=5)
def remind(name):
    """Send a reminder."""
    send_mail(f"Reminder for {name}", "Please pay.", "shop@example.com", [f"{name}@example.com"])
    return name


@task
def send_invoice(pk):
    """Send an invoice by mail, and note that it was sent."""
    with transaction.atomic():
        invoice = Invoice.objects.get(pk=pk)
        invoice.sent = True
        invoice.save()
        send_mail(letters.subject(invoice), "Please pay.", None, [invoice.customer.email])
    return invoice.total


@task
def send_all():
    """Enqueue a task for each invoice that was not sent."""
    for invoice in Invoice.objects.filter(sent=False).order_by("pk"):
        send_invoice.enqueue(invoice.pk)


@task
def bill():
    """Ask for each invoice's customer."""
    return [invoice.customer.name for invoice in Invoice.objects.order_by("pk")]


@task
def bill_at_once():
    """Ask for all of them at once."""
    return [invoice.customer.name for invoice in Invoice.objects.select_related("customer")]


@task
async def abill():
    """As `bill`, by the async ORM."""
    names = []
    async for invoice in Invoice.objects.order_by("pk"):
        customer = await Customer.objects.aget(pk=invoice.customer_id)
        names.append(customer.name)
    return names


@task
async def acount_twice():
    """Two queries at the same time."""
    return await asyncio.gather(Customer.objects.acount(), Invoice.objects.acount())


@task
def close(name):
    """Add a customer, remind them, and send the rest after the commit."""
    with transaction.atomic(durable=True):
        customer = Customer.objects.create(name=name)
        Invoice.objects.create(customer=customer, total=1)
        transaction.on_commit(partial(remind.enqueue, name))
        send_mail("Closed", "", None, ["all@example.com"])
    remind.enqueue(name)
    return name


@task
async def aclose(name):
    """As `close`, awaited."""
    await sync_to_async(close.func)(name)
    await remind.aenqueue(name)
    return name


@task
def orphan():
    """Break a constraint that only a commit would check."""
    Invoice.objects.create(customer_id=10**6, total=1)


@task
def commit():
    """End the transaction by itself."""
    with connection.cursor() as cursor:
        cursor.execute("COMMIT")


@task
def fail():
    """Fail after a query."""
    Customer.objects.count()
    msg = "no"
    raise LookupError(msg)


@task
def where():
    """Tell which thread and which connection it has."""
    return [threading.current_thread().name, id(connection.connection)]


@task
def count():
    """Count the customers."""
    return Customer.objects.count()


@task
async def acount():
    """Count the customers, awaited."""
    return await Customer.objects.acount()


def helper():
    """Be no task."""
