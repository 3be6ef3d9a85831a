"""Functions for tasks, most of them badly behaved."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import types

flavour = contextvars.ContextVar("flavour", default="plain")


class HostileError(Exception):
    def __str__(self):
        raise RuntimeError("no str")

    __repr__ = __str__


class HostileSequence(list):
    def __iter__(self):
        raise LookupError("no iteration")


def noop():
    return None


async def anoop():
    return None


def echo(value):
    return value


def tell_flavour():
    return flavour.get()


async def atell_flavour():
    await asyncio.sleep(0)
    return flavour.get()


def tell_thread():
    return threading.current_thread().name


async def atell_thread():
    return threading.current_thread().name


async def atell_task():
    return id(asyncio.current_task())


async def sleep():
    await asyncio.sleep(3600)


async def stubborn():
    try:
        await asyncio.sleep(3600)
    except asyncio.CancelledError:
        return "finished all the same"


async def turns_cancellation_into_error():
    try:
        await asyncio.sleep(3600)
    except asyncio.CancelledError:
        raise LookupError("cancelled") from None


async def cancels_itself():
    raise asyncio.CancelledError


async def uses_timeout():
    try:
        async with asyncio.timeout(0.001):
            await asyncio.sleep(3600)
    except TimeoutError:
        return "timed out"


async def uses_task_group():
    async with asyncio.TaskGroup() as group:
        group.create_task(asyncio.sleep(3600))
        group.create_task(afail())


async def afail():
    raise ValueError("no such luck")


@types.coroutine
def suspend():
    yield


async def suspended():
    await suspend()


def raise_interrupt():
    raise KeyboardInterrupt


async def araise_interrupt():
    raise KeyboardInterrupt


def raise_exit():
    raise SystemExit(1)


async def araise_exit():
    raise SystemExit(1)


def raise_cancelled():
    raise asyncio.CancelledError


def raise_generator_exit():
    raise GeneratorExit


async def araise_generator_exit():
    raise GeneratorExit


def raise_group():
    raise BaseExceptionGroup("several", [ValueError(1), KeyboardInterrupt()])


def raise_hostile():
    raise HostileError


def raise_stop_iteration():
    raise StopIteration(3)


async def araise_stop_iteration():
    raise StopIteration(3)


def recurse():
    return recurse()


def returns_hostile():
    return HostileSequence([1])


def returns_coroutine():
    return noop


gate = threading.Event()
entered = threading.Event()
left = threading.Event()


def wait_at_gate():
    """Block until `gate` is set, unless interrupted between two looks at it."""
    entered.set()
    try:
        while not gate.wait(0.005):
            pass
        return "through"
    finally:
        left.set()


def reset_gate():
    for event in (gate, entered, left):
        event.clear()


def noop_keywords(**kwargs):
    return ("a tuple",)


def returns_endless():
    endless = []
    endless.append(endless)
    return endless


def chains():
    try:
        1 / 0  # noqa: B018
    except ZeroDivisionError as error:
        outer = LookupError("outer")
        outer.add_note("a note")
        raise outer from error
