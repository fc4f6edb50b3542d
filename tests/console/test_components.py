"""The component tags: what they must never get wrong."""

from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace

import pytest
from django.core.paginator import Paginator
from django.template import Context, RequestContext, Template, TemplateSyntaxError
from django.test import RequestFactory
from django.utils import timezone as clock


def render(text, **context):
    return Template(text).render(Context(context))


def test_a_status_has_an_icon_a_colour_and_a_word():
    html = render("{% status state %}", state=SimpleNamespace(label="Partial", tone="warn"))
    assert "status-warn" in html
    assert "icons.svg#warn" in html
    assert "Partial" in html


def test_an_unknown_tone_fails_instead_of_losing_its_colour():
    with pytest.raises(TemplateSyntaxError, match="'purple' is not a tone"):
        render('{% status label="Done" tone="purple" %}')


def test_labels_are_escaped():
    hostile = "<script>alert(1)</script>"
    template = "{% status label=x tone='ok' %}{% badge x %}{% button x %}{% copyable x %}{% crumb x %}"
    template += "{% table x %}{% endtable %}{% fact x %}{{ x }}{% endfact %}{% empty x %}{% endempty %}"
    template += "{% dialog 'd' x x typed=x %}{{ x }}{% enddialog %}{% progress 1 2 x %}"
    assert "<script" not in render(template, x=hostile)


def test_a_mode_brings_its_colour_and_other_words_are_grey():
    assert "badge-red" in render("{% badge mode %}", mode=SimpleNamespace(label="Recovery", tone="red"))
    assert "badge-grey" in render("{% badge 'Available' %}")


def test_an_unavailable_action_stays_focusable_and_says_why():
    html = render('{% button "Terminate instances" why="The execution has not ended." href="/x" %}')
    assert 'aria-disabled="true"' in html
    assert 'aria-describedby="button-terminate-instances-why"' in html
    assert 'id="button-terminate-instances-why">The execution has not ended.' in html
    assert 'type="button"' in html
    assert "/x" not in html
    assert " disabled" not in html


def test_a_button_is_a_link_an_opener_or_a_submit():
    assert '<a id="button-edit" class="button button-normal" href="/edit">' in render(
        '{% button "Edit" href="/edit" %}'
    )
    assert 'data-opens="sure"' in render('{% button "Cancel" opens="sure" %}')
    assert 'type="submit"' in render('{% button "Save" name="do" value="save" %}')


def test_progress_of_nothing_is_valid_html():
    assert 'max="1" value="0"' in render('{% progress 0 0 "Servers" %}')
    assert "0 of 0" in render('{% progress 0 0 "Servers" %}')


def test_a_time_is_shown_in_utc_whatever_its_zone():
    moment = datetime(2026, 11, 20, 5, 15, 4, tzinfo=timezone(timedelta(hours=2)))
    html = render("{% when moment 'moment' %}", moment=moment)
    assert '<time datetime="2026-11-20T03:15:04+00:00">20 Nov 2026, 03:15:04 UTC</time>' in html


def test_a_time_that_has_not_come_is_a_dash():
    assert "\N{EN DASH}" in render("{% when None %}")
    assert render("{% since None %}") == "\N{EN DASH}"


def test_a_running_time_ticks_and_a_finished_one_does_not():
    start = clock.now() - timedelta(seconds=1002)
    assert "<time data-since" in render("{% since start %}", start=start)
    finished = render("{% since start end %}", start=start, end=start + timedelta(seconds=62))
    assert finished == "1 min 02 s"


def test_the_time_left_ticks_down_to_zero():
    assert "data-until" in render("{% until moment %}", moment=clock.now() + timedelta(seconds=130.5))
    assert ">2 min 10 s<" in render("{% until moment %}", moment=clock.now() + timedelta(seconds=130.5))
    assert ">0 s<" in render("{% until moment %}", moment=clock.now() - timedelta(seconds=5))


def test_what_is_due_says_whether_it_is_over():
    assert ">2 min 10 s left<" in render("{% due moment %}", moment=clock.now() + timedelta(seconds=130.5))
    assert ">2 min 10 s over<" in render("{% due moment %}", moment=clock.now() - timedelta(seconds=130.5))


def test_a_reason_that_several_buttons_share_stands_once():
    html = render("{% button 'Retry' why='You may not.' why_id='shared' %}")
    assert 'aria-disabled="true" aria-describedby="shared"' in html
    assert "You may not." not in html


def test_a_dialog_that_asks_for_something_leaves_the_focus_to_its_field():
    dialog = '{% dialog "sure" "Launch?" "Launch" asks=asks %}<textarea></textarea>{% enddialog %}'
    assert "autofocus" in render(dialog, asks=False)
    assert "autofocus" not in render(dialog, asks=True)


def test_a_dialog_posts_with_the_token_and_waits_for_the_typed_name():
    html = render(
        '{% dialog "sure" "Cancel?" "Cancel execution" action="/cancel" keep="Keep running" typed="Ledger" %}'
        "<p>Wave 3 will not start.</p>{% enddialog %}",
        csrf_token="the-token",
    )
    assert 'value="the-token"' in html
    assert 'action="/cancel"' in html
    assert "<p>Wave 3 will not start.</p>" in html
    assert 'name="confirmation" data-typed="Ledger"' in html
    assert "data-needs-typed>Cancel execution" in html


def test_pages_keep_the_rest_of_the_address():
    request = RequestFactory().get("/executions/?status=FAILED&page=2")
    context = RequestContext(request, {"page": Paginator(range(100), 20).page(2)})
    html = Template("{% pagination page %}").render(context)
    assert "?status=FAILED&amp;page=3" in html
    assert "21 to 40 of 100" in html


def test_a_live_part_says_when_drs_and_the_worker_were_heard_and_stops_asking_when_ended():
    asked = datetime(2026, 11, 20, 3, 15, 4, tzinfo=UTC)
    text = '{% live "/x?v=7" asked_at=asked worker_beat_at=None announce="Wave 2 started" ended=ended %}!{% endlive %}'
    running, ended = render(text, asked=asked, ended=False), render(text, asked=asked, ended=True)
    assert 'data-asked-at="2026-11-20T03:15:04+00:00"' in running
    assert 'data-worker-beat-at=""' in running
    assert 'hx-get="/x?v=7"' in running
    assert "hx-get" not in ended
    assert 'data-ended="true"' in ended
