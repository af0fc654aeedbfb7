"""The editor of a proposed rule: what an edit changes, how it fares today, and what active rules say about it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import streamlit as st

from memory.model import Decision
from tools.errors import AssayError
from ui.web import deciding, session
from ui.web.result_view import examples
from ui.web.safe_text import inline

if TYPE_CHECKING:
    from graph.runs import EditPreview, Related
    from memory.model import Proposal

_PIECES = {"removed": ":red-background[~~{}~~]", "added": ":green-background[{}]"}
_RELATIONS = {
    "same": ":orange[:material/content_copy: {}]",
    "implied": ":orange[:material/content_copy: {}]",
    "stricter": ":blue[:material/compress: {}]",
    "contradicts": ":red[:material/block: {}]",
}


def show(proposal: Proposal) -> None:
    """The editor of a card; what is written is tried on the data as soon as the field is left."""
    key = deciding.key_of(proposal)
    rule = st.text_area("The rule in DQDL", proposal.rule, key=f"rule-{key}", height=80, help="Ctrl+Enter tries it")
    changed = (rule or "").strip() != proposal.rule
    valid = changed and _tried(proposal, rule or "")
    st.text_input("Why? (optional, remembered)", key=f"why-{key}")
    with st.container(horizontal=True):
        if st.button("Check", key=f"check-{key}", icon=":material/play_arrow:") and not changed:
            st.caption("Nothing is changed yet.")
        st.button(
            "Approve as edited",
            key=f"save-{key}",
            type="primary",
            disabled=not valid,
            on_click=_save,
            args=(proposal, key),
        )
        st.button("Back", key=f"back-{key}", type="tertiary", on_click=deciding.turn_to, args=(key, None))
    deciding.problem(key)


def _save(proposal: Proposal, key: str) -> None:
    rule, reason = st.session_state[f"rule-{key}"], st.session_state.get(f"why-{key}")
    decision = Decision(proposal.number, "edit", rule=rule, reason=reason or None)
    deciding.decide(proposal.run_id, [decision], key)


def _tried(proposal: Proposal, rule: str) -> bool:
    """Shows what the edit makes of the rule, or what is wrong with it; true if it can be used."""
    try:
        preview = _preview(proposal.run_id, proposal.number, rule)
    except AssayError as error:
        st.error(inline(error, 600), icon=":material/error:")
        excerpt = getattr(error, "excerpt", "")
        if excerpt:
            st.code(excerpt, language=None)
        return False
    st.markdown("".join(_PIECES.get(kind, "{}").format(inline(part, 2_000)) for kind, part in _spaced(preview)))
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption("As proposed:")
        deciding.today(preview.proposed)
        st.caption("As edited:")
        deciding.today(preview.today.to_dict())
    st.text(preview.today.reason)
    examples(preview.today.examples)
    beside(preview.related)
    return True


def _spaced(preview: EditPreview) -> list[tuple[str, str]]:
    """The pieces of the change with blanks that Markdown does not eat."""
    return [(kind, part if part.strip() else "\u00a0") for kind, part in preview.diff]


@st.cache_data(ttl=60, show_spinner="Trying it on today's data …")
def _preview(run_id: str, number: int, rule: str) -> EditPreview:
    return session.desk().runs.preview_edit(run_id, number, rule)


def beside(related: Sequence[Related]) -> None:
    """What active rules say about the same."""
    for one in related:
        st.markdown(_RELATIONS[one.relation].format(inline(one.says, 600)))
