"""axe-core finds nothing in the panel: in every view, menu and width, and in every theme."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from immediate_tasks_ipy.task_history.activity import Activity, Mail
from tests.end_to_end.browser.tasks import add, crawl, fetch, flaky, mended, table
from tests.end_to_end.browser.test_panel_activity import dry_run, orders
from tests.end_to_end.browser.test_panel_tree import enqueue_batch

#: Whose contrast axe-core does not compute, by the reason that it gives; nobody computes it here.
#: By the style sheets all but the last have the colours, and the ground, of text that it measures.
NOT_COMPUTED = {
    # A glyph alone, an arrow or a triangle: it measures letters only. Hidden from screen readers.
    "nonBmp": ".itipy-arrow, .itipy-tw",
    # One character alone, as a count or the result 5: it does not decide whether that is text.
    "shortTextContent": ".itipy-code, .itipy-count, .itipy-count *",
    # The times below the lifecycle hang over a box without width, where it finds no background.
    "": ".itipy-gaptext",
    # The time beside a bar of the timeline, which may reach over what is beside it.
    "elmPartiallyObscured": ".itipy-barlabel",
    "bgOverlap": ".itipy-barlabel",
}
#: What is no violation: a lane's name holds its call and its time, but not one after the other.
ACCEPTED = {"label-content-name-mismatch": ".itipy-lane"}


@pytest.fixture
def axe(node_modules):
    return (node_modules / "axe-core" / "axe.min.js").read_text("utf-8")


def findings(page, rules):
    """What axe-core finds in the panel, and what it can't decide, as one text each.

    `rules` are the checks to make; None for all.
    """
    return page.evaluate(
        """async ([rules, notComputed, accepted]) => {
            const options = { elementRef: true, resultTypes: ['violations', 'incomplete'] };
            if (rules) options.runOnly = { type: 'rule', values: rules };
            const { violations, incomplete } = await axe.run('.itipy-panel', options);
            const isKnown = (kind, id, { any, element }) => {
                const reason = any[0]?.data?.messageKey ?? '';
                const isContrast = kind === 'incomplete' && id === 'color-contrast';
                const selector = isContrast ? notComputed[reason] : accepted[id];
                return selector !== undefined && element.matches(selector);
            };
            const text = (kind, { id, impact, nodes }) => nodes
                .filter((node) => !isKnown(kind, id, node))
                .map(({ html, failureSummary }) =>
                    [kind, id, impact, html.slice(0, 200), failureSummary].join(': '));
            return [...violations.flatMap((each) => text('violation', each)),
                    ...incomplete.flatMap((each) => text('incomplete', each))];
        }""",
        [rules, NOT_COMPUTED, ACCEPTED],
    )


def fill(recorder):
    mended.clear()
    mended.update("abcdefgh")
    enqueue_batch(flaky, "abxcdefgh", label="flaky(text)")
    crawl.enqueue("https://example.org", 1)
    fetch.enqueue("https://example.org/slow")
    fetch.enqueue("https://example.org/fast")
    table.enqueue()
    mails = [Mail("Your order 1017", ("ada@example.org",))]
    activity = Activity(orders(), 19, 0.0412, mails, mail_count=1, dry_run=dry_run())
    recorder.entry_of(add.enqueue(2, 3)).own_submission().activity = activity
    mended.clear()


def coloured_states(shown) -> Iterator[str]:
    """Put the panel into the states that have colours of their own; yields their names."""
    panel, page = shown.panel, shown.page
    details = panel.get_by_role("region", name="Task details")
    shown.row("add(2, 3)").click()
    expect(details.get_by_role("group", name="Order")).to_be_visible()
    yield "detail, Queries"
    shown.row("slow").click()
    expect(details).to_contain_text("TimeoutError: timed out")
    yield "detail, Traceback"
    page.keyboard.press("Escape")
    shown.row("slow").get_by_role("checkbox").check(force=True)
    yield "a row ticked"
    page.keyboard.press("Escape")
    panel.get_by_role("button", name="Timeline").click()
    yield "timeline"
    panel.get_by_role("button", name="Table").click()


def other_states(shown) -> Iterator[str]:
    """Put the panel into the other states that it has; yields their names."""
    panel, page = shown.panel, shown.page
    details = panel.get_by_role("region", name="Task details")
    shown.row("fast").click()
    expect(details.get_by_role("tree", name="Result")).to_contain_text("1204")
    yield "a result as a tree"
    for name in ("Arguments", "Output", "Details"):
        details.get_by_role("tab", name=name).click()
        yield f"detail, {name}"
    details.get_by_role("tab", name="Result").click()
    shown.row("Table").click()
    expect(details.get_by_role("table")).to_be_visible()
    yield "a live result"
    page.keyboard.press("Escape")
    panel.get_by_role("button", name="More actions").click()
    yield "menu"
    page.keyboard.press("Escape")
    panel.get_by_role("button", name="Timeline").click()
    panel.get_by_role("button", name="by worker").click()
    yield "timeline by worker"
    panel.get_by_role("button", name="by task").click()
    panel.get_by_role("button", name="Functions").click()
    yield "functions"
    panel.get_by_role("button", name="Table").click()
    for width in (420, 230):
        shown.width(width)
        page.wait_for_function(ROWS_STAND_APART)
        yield f"{width} px"
        shown.row("slow").click()
        expect(details.get_by_role("button", name="Back to the list")).to_be_focused()
        yield f"detail at {width} px"
        page.keyboard.press("Escape")
        expect(shown.row("slow")).to_be_focused()


#: Has the list been drawn anew for its width, which sets the height of its rows?
ROWS_STAND_APART = """() => {
    const rows = [...document.querySelectorAll('.itipy-rows > [role=row]')];
    const boxes = rows.map((row) => row.getBoundingClientRect()).sort((a, b) => a.top - b.top);
    return boxes.every((box, index) => index === 0 || boxes[index - 1].bottom <= box.top + 1);
}"""


@pytest.mark.parametrize("theme", ["light", "dark", None, "high contrast"])
def test_no_state_of_the_panel_has_a_violation(shown, recorder, axe, theme):
    page = shown.page
    is_first = theme == "light"
    # What is no matter of colour is the same in every theme.
    rules = None if is_first else ["color-contrast"]
    if theme == "high contrast":
        page.emulate_media(forced_colors="active")
    try:
        shown.theme("light" if theme == "high contrast" else theme)
        page.evaluate(axe)
        expect(shown.panel).to_contain_text("No tasks yet.")
        found = {"empty": findings(page, rules)}
        fill(recorder)
        expect(shown.row("add(2, 3)")).to_be_visible()
        found["table"] = findings(page, rules)
        for states in (coloured_states, other_states)[: 2 if is_first else 1]:
            found |= {state: findings(page, rules) for state in states(shown)}
    finally:
        page.emulate_media(forced_colors="none")
    assert {state: each for state, each in found.items() if each} == {}
