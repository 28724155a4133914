"""Needs: state one in four steps; see one; say that it comes, that it came, that it did not."""

from __future__ import annotations

from starlette.responses import Response

from lumbre.board.forms import Form
from lumbre.board.pages.things import thing_form, thing_said
from lumbre.board.visit import REFILL_STATUS, Visit, post
from lumbre.errors import Invalid, NotFound
from lumbre.kinds.supply.needs import NeedRow
from lumbre.kinds.supply.offers import CommitmentRow
from lumbre.node.census import Census
from lumbre.node.said import held

ID_CHARS = 16


async def new(visit: Visit) -> Response:
    """The empty form."""
    return _form(visit, {}, "")


def _form(visit: Visit, form: Form, error: str) -> Response:
    return thing_form(visit, "need_new", form, error)


async def create(visit: Visit) -> Response:
    """State a need."""
    return await post(visit, _create, _form)


def _create(visit: Visit, form: Form) -> str:
    entry = visit.desk.need(people=form.get("people", "") or "0", **thing_said(form))
    return f"/needs/{entry.id.hex()[:ID_CHARS]}?new"


def find(visit: Visit) -> NeedRow:
    """The need that the address names."""
    wanted = visit.request.path_params["id"]
    if len(wanted) == ID_CHARS:
        for row in visit.reading.needs(visit.space.id, with_closed=True):
            if row.need.hash.hex().startswith(wanted):
                return row
    raise NotFound("not-found.need", entry=wanted[:ID_CHARS])


async def show(visit: Visit) -> Response:
    """One need, and what is known of it here."""
    return _show(visit, {}, "")


def _show(visit: Visit, form: Form, error: str) -> Response:
    row = find(visit)
    commitments = visit.reading.commitments(visit.space.id, row.need)
    holders = Census(visit.node, visit.space.id).holders(row.need)
    return visit.page(
        "need",
        REFILL_STATUS if error else 200,
        form=form,
        error=error,
        need=row,
        commitments=commitments,
        goods=visit.reading.goods(visit.space.id),
        is_new="new" in visit.request.query_params,
        unit=row.unit.name.lower(),
        held=held(visit.words, holders, visit.home.clock.now_s()),
    )


async def act(visit: Visit) -> Response:
    """One of the buttons of a need."""
    return await post(visit, _act, _show)


def _act(visit: Visit, form: Form) -> str:
    row = find(visit)
    what = form.get("do", "")
    if what == "commit":
        visit.desk.commit(row, form.get("amount", ""))
    elif what in ("met", "over"):
        visit.desk.close(row, is_met=what == "met")
    elif what == "still":
        visit.desk.still_needed(row)
    elif what == "not-arrived":
        made = _commitment(visit, row, form.get("commitment", ""))
        visit.desk.not_arrived(made.commitment, made.need, made.offer)
    else:
        raise Invalid("invalid.empty", field="do")
    return visit.request.url.path


def _commitment(visit: Visit, need: NeedRow, wanted: str) -> CommitmentRow:
    for row in visit.reading.commitments(visit.space.id, need.need):
        if row.commitment.hash.hex()[:ID_CHARS] == wanted:
            return row
    raise NotFound("not-found.entry", entry=wanted[:ID_CHARS])
