"""Arbitrary data for tasks, the kinds that JSON holds and the kinds it doesn't."""

from __future__ import annotations

import collections
from types import MappingProxyType

from hypothesis import strategies as st

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()

#: What a JSON round trip leaves as it is.
round_trip = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=20,
)

keys = st.text() | st.integers() | st.booleans() | st.none() | st.text().map(str.encode)

#: What Django's normalize_json accepts.
acceptable = st.recursive(
    scalars | st.text().map(str.encode) | st.builds(range, st.integers(0, 5)),
    lambda inner: (
        st.lists(inner)
        | st.lists(inner).map(tuple)
        | st.lists(inner).map(collections.UserList)
        | st.dictionaries(keys, inner)
        | st.dictionaries(keys, inner).map(collections.OrderedDict)
        | st.dictionaries(keys, inner).map(MappingProxyType)
    ),
    max_leaves=20,
)

#: That, and now and then something that it refuses.
anything = st.recursive(
    acceptable | st.binary() | st.sets(st.integers()) | st.complex_numbers(),
    lambda inner: st.lists(inner) | st.dictionaries(keys, inner) | st.tuples(inner, inner),
    max_leaves=10,
)

exception_classes = st.sampled_from(
    [
        ValueError,
        KeyError,
        NameError,
        ImportError,
        SyntaxError,
        UnicodeDecodeError,
        StopIteration,
        StopAsyncIteration,
        GeneratorExit,
        SystemExit,
        RecursionError,
        MemoryError,
        TimeoutError,
        BaseException,
    ]
)
