"""Laws of documents: writing twice is writing once, and nobody's text becomes markup."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from gatecli.documents.escaping import escape_markdown
from gatecli.documents.marks import hand_written_parts, part_text
from gatecli.model.document_stamp import read_stamp
from gatecli.reports.escaping import visible
from tests.support.written_documents import budget_facts, record_of, some_facts

MARKUP = (
    "<!-- gatecli:keep x -->",
    "<!-- gatecli:end context -->",
    "<!-- gatecli:document {} -->",
    "---",
    "# h",
    "| a | b |",
    "**b**",
    "`c`",
    "[l](https://example.org)",
    "https://example.org",
    "www.example.org",
    "a@example.org",
    "<script>",
    "&lt;",
    "![i](x)",
    "~~s~~",
    "1. a",
    "- a",
    "    code",
    "```",
    "{{ 1 }}",
    "\n",
    "\r\n\r\n# h",
)
HOSTILE = st.lists(st.sampled_from(MARKUP) | st.text(max_size=5), min_size=1, max_size=4).map("".join)
NAMES = HOSTILE.filter(lambda text: text.strip())
WRITTEN = st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40).filter(
    lambda text: "gatecli" not in text.lower()
)
READER = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def structure(text: str) -> list[str]:
    """The kinds of everything in a document, without its texts."""
    kinds: list[str] = []
    for token in READER.parse(text.partition("---\n\n")[2]):
        kinds.append(f"{token.type} {token.tag} {token.markup}")
        inner = [child.type for child in token.children or () if child.type != "text"]
        kinds.extend(each for each in inner if each != "text_special")
    return kinds


PLAIN = structure(record_of(some_facts("a", version="1", datasets=["d"], budget=budget_facts(), unit="u")))


@given(name=NAMES, version=NAMES, dataset=NAMES, unit=NAMES)
def test_no_text_of_a_declaration_becomes_structure(name: str, version: str, dataset: str, unit: str) -> None:
    facts = some_facts(name, version=version, datasets=[dataset], budget=budget_facts(), unit=unit)
    text = record_of(facts)
    assert structure(text) == PLAIN
    stamp = read_stamp(text)
    assert stamp is not None
    assert tuple(hand_written_parts(text, "d")) == stamp.parts
    assert stamp.release == f"{name}@{version}"


@given(text=HOSTILE)
def test_an_escaped_text_is_shown_as_it_is(text: str) -> None:
    (paragraph,) = [token for token in READER.parse(f"x {escape_markdown(text)} x") if token.type == "inline"]
    shown = "".join(child.content for child in paragraph.children or ())
    assert {child.type for child in paragraph.children or ()} <= {"text", "text_special"}
    assert shown.split() == f"x {visible(text)} x".split()


@given(parts=st.lists(WRITTEN, min_size=6, max_size=6), head=WRITTEN, epsilon=st.integers(1, 9))
def test_writing_twice_is_writing_once(parts: list[str], head: str, epsilon: int) -> None:
    text = record_of(some_facts(budget=budget_facts()))
    for (name, question), written in zip(hand_written_parts(text, "d").items(), parts, strict=True):
        text = text.replace(part_text(name, question), part_text(name, written))
    text = text.replace("status: proposed", f"x: {head.replace('-', '').replace('.', '')}")
    changed = some_facts(budget=budget_facts(), epsilon=epsilon)
    once = record_of(changed, text)
    assert list(hand_written_parts(once, "d").values()) == parts
    assert record_of(changed, once) == once
