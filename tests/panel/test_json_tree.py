"""Any value is a tree whose nodes are short and whose pages are bounded."""

from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from immediate_tasks_ipy.panel.details.json_tree import BLOCK, PAGE, JsonTree

values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text() | st.integers(), inner),
    max_leaves=30,
)


@given(values)
def test_every_value_is_reached_by_positions(value):
    tree = JsonTree(value)

    def walk(node, path, expected):
        json.dumps(node, allow_nan=False, ensure_ascii=False).encode()
        if not isinstance(expected, (dict, list)):
            return
        children = list(expected.values()) if isinstance(expected, dict) else expected
        assert node.get("size", 0) == len(children)
        page = tree.page(path, 0)
        for index, (child, inner) in enumerate(zip(page["children"], children, strict=False)):
            walk(child, (*path, index), inner)

    walk(tree.root(), (), value)


def test_a_long_text_is_a_node_of_blocks_that_join_to_it():
    text = "lorem ipsum " * 1000
    tree = JsonTree([text])

    [node] = tree.root()["children"]
    blocks = tree.page((0,), 0)["children"]

    assert node["size"] == -(-len(text) // BLOCK)
    assert len(node["text"]) < 300
    assert "".join(block["text"] for block in blocks) == text


def test_a_page_is_bounded_and_the_next_one_begins_where_it_ended():
    tree = JsonTree(list(range(PAGE + 5)))

    assert len(tree.root()["children"]) == PAGE
    assert [node["text"] for node in tree.page((), PAGE)["children"]] == [
        str(number) for number in range(PAGE, PAGE + 5)
    ]


def test_a_hostile_repr_spoils_its_own_node_only():
    class Hostile:
        def __repr__(self):
            raise RuntimeError("no")

    nodes = JsonTree([Hostile(), 1]).root()["children"]

    assert nodes[1]["text"] == "1"
