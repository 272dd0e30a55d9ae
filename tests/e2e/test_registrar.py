"""
The registrar: RFC 3261 chapter 10 step by step, RFC 3327, and what of it outlives the server.
Most tests share one server without passwords, each with a user of its own.
"""

import email.utils
import re
import signal
import sqlite3
import time

import pytest

from servers import Server, configured
from sip import SDP, Peer, establish, finish, param_of, unique, uri_of


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    server = Server(tmp_path_factory.mktemp("lab"), domains=("example.org", "b.example"), options=["--no-auth"])
    yield server.start()
    server.stop()


@pytest.fixture
def user(lab):
    """A user agent of a user that nobody else has."""
    with Peer(unique.next("user"), lab.address) as peer:
        yield peer


def register(peer, *contacts, expires=None, call_id=None, cseq=1, to=None, uri=None, headers=(), body=b""):
    """A REGISTER with just that in it; with credentials if they are asked for. Returns the final answer."""
    fields = [("Contact", contact) for contact in contacts]
    if expires is not None:
        fields.append(("Expires", str(expires)))
    request = peer.request("REGISTER", uri or f"sip:{peer.domain}", to=to or f"<{peer.aor}>", call_id=call_id, cseq=cseq,
                           contact="", headers=[*fields, *headers], body=body)
    peer.send(request)
    response = peer.response()
    if response.status == 401 and peer.password is not None:
        peer.again(request, response)
        response = peer.response()
    return response


def bound(response):
    """The contact URIs of an answer."""
    assert response.status == 200, str(response)
    return [uri_of(value) for value in response.values("Contact")]


def bindings(peer):
    return sorted(bound(register(peer)))


def seconds_left(response, contact):
    return int(next(param_of(value, "expires") for value in response.values("Contact") if uri_of(value) == contact))


# --- what is bound, and what is shown of it ---


def test_a_query_shows_what_is_bound_and_changes_nothing(user):
    assert bindings(user) == []
    register(user, "<sip:a@192.0.2.1>", expires=600)
    for _ in range(2):
        assert bindings(user) == ["sip:a@192.0.2.1"]
    assert 598 <= seconds_left(register(user, expires=7200), "sip:a@192.0.2.1") <= 600


def test_several_contacts_may_share_a_request_and_a_line(user):
    headers = [("m", '"One, two" <sip:a@192.0.2.1>;q=0.5, sip:b@192.0.2.2'), ("Contact", "<mailto:c@example.org>")]
    expected = ["mailto:c@example.org", "sip:a@192.0.2.1", "sip:b@192.0.2.2"]
    assert sorted(bound(register(user, headers=headers))) == expected
    assert bindings(user) == expected


def test_each_contact_is_shown_with_its_q_its_time_and_its_parameters(user):
    params = '+sip.instance="<urn:uuid:0-1>";methods="INVITE, BYE";audio'
    answer = register(user, f"<sip:a@192.0.2.1;transport=tcp>;q=0.7;{params};expires=1200")
    assert answer.values("Contact") == [f"<sip:a@192.0.2.1;transport=tcp>;q=0.700;expires=1200;{params}"]


def test_bindings_are_shown_in_falling_order_of_q(user):
    register(user, "<sip:low@192.0.2.1>;q=0.1", "<sip:high@192.0.2.1>", "<sip:middle@192.0.2.1>;q=0.5")
    assert bound(register(user)) == ["sip:high@192.0.2.1", "sip:middle@192.0.2.1", "sip:low@192.0.2.1"]


def test_the_answer_has_a_date_and_no_record_route(user):
    response = register(user, "<sip:a@192.0.2.1>", headers=[("Record-Route", "<sip:192.0.2.9;lr>")])
    date = email.utils.parsedate_to_datetime(response.get("Date"))
    assert response.get("Date").endswith(" GMT") and abs(date.timestamp() - time.time()) < 3
    assert response.lines("Record-Route") == []
    assert param_of(response.get("To"), "tag")


def test_a_refresh_replaces_what_was_said_of_the_contact(user):
    call = unique.next("c")
    register(user, "<sip:a@192.0.2.1>;q=0.3;audio", expires=600, call_id=call)
    [value] = register(user, "<sip:a@192.0.2.1>;video", expires=1200, call_id=call, cseq=2).values("Contact")
    assert 1199 <= int(param_of(value, "expires")) <= 1200
    assert param_of(value, "q") is None and param_of(value, "audio") is None and param_of(value, "video") == ""


# --- how long ---


@pytest.mark.parametrize("param, header, granted", [
    ("600", "1200", 600), (None, "1200", 1200), (None, None, 3600), ("999999", None, 7200), (None, "4294967295", 7200),
    ("99999999999999999999", None, 3600), ("soon", "1200", 3600), (None, "soon", 3600), ("60", None, 60)])
def test_the_parameter_comes_before_the_header_and_the_default_last(user, param, header, granted):
    contact = "<sip:a@192.0.2.1>" + (f";expires={param}" if param else "")
    response = register(user, contact, expires=header)
    assert granted - 1 <= seconds_left(response, "sip:a@192.0.2.1") <= granted


@pytest.mark.parametrize("param, header", [("59", None), (None, "59"), ("1", "3600")])
def test_too_brief_an_interval_is_refused_with_the_shortest(user, param, header):
    contact = "<sip:a@192.0.2.1>" + (f";expires={param}" if param else "")
    response = register(user, "<sip:b@192.0.2.1>;expires=600", contact, expires=header)
    assert response.status == 423 and response.get("Min-Expires") == "60"
    assert bindings(user) == []


def test_the_intervals_can_be_configured(tchind, tmp_path):
    options = configured(tmp_path, "min_expires = 120s\ndefault_expires = 5m\nmax_expires = 10m\n")
    user = tchind(options=[*options, "--no-auth"]).peer("alice")
    assert register(user, "<sip:a@192.0.2.1>", expires=119).get("Min-Expires") == "120"
    assert 299 <= seconds_left(register(user, "<sip:a@192.0.2.1>"), "sip:a@192.0.2.1") <= 300
    assert 599 <= seconds_left(register(user, "<sip:a@192.0.2.1>", expires=3600), "sip:a@192.0.2.1") <= 600


def test_what_expires_is_gone(tchind, tmp_path):
    server = tchind(users={"bob": "builder"}, options=[*configured(tmp_path, "min_expires = 1s\n"), "--no-auth"])
    bob, alice = server.peer("bob"), server.peer("alice")
    register(bob, f"<{bob.contact_uri}>;expires=1", "<sip:stays@192.0.2.1>;q=0.1;expires=60")
    assert len(bindings(bob)) == 2
    time.sleep(1.05)
    assert bindings(bob) == ["sip:stays@192.0.2.1"]
    register(bob, "<sip:stays@192.0.2.1>", expires=0)
    alice.send(alice.request("MESSAGE", bob.aor))
    alice.expect(480)
    bob.expect_silence(0.1)


# --- removing ---


def test_an_interval_of_zero_removes_that_contact_alone(user):
    register(user, "<sip:a@192.0.2.1>", "<sip:b@192.0.2.1>", "<sip:c@192.0.2.1>")
    assert sorted(bound(register(user, "<sip:a@192.0.2.1>", expires=0))) == ["sip:b@192.0.2.1", "sip:c@192.0.2.1"]
    assert bound(register(user, "<sip:b@192.0.2.1>;expires=0", expires=600)) == ["sip:c@192.0.2.1"]
    assert bound(register(user, "<sip:unknown@192.0.2.1>", expires=0)) == ["sip:c@192.0.2.1"]


def test_a_star_removes_everything(user):
    register(user, "<sip:a@192.0.2.1>", "<sip:b@192.0.2.1>")
    register(user, "<sip:c@192.0.2.1>")
    assert bound(register(user, "*", expires=0)) == []
    assert bindings(user) == []


@pytest.mark.parametrize("contacts, expires", [
    (["*"], None), (["*"], 3600), (["*"], "never"), (["*", "<sip:b@192.0.2.1>"], 0), (["<sip:b@192.0.2.1>", "*"], 0),
    (["*, *"], 0), (["*", "<sip:b@192.0.2.1>;expires=5"], 0), (["*;expires=0"], None)])
def test_a_misplaced_star_is_malformed_and_removes_nothing(user, contacts, expires):
    register(user, "<sip:a@192.0.2.1>")
    response = register(user, *contacts, expires=expires)
    assert response.status == 400 and "Contact" in response.start
    assert bindings(user) == ["sip:a@192.0.2.1"]


# --- order, and all or nothing ---


def test_what_comes_late_is_refused_unless_it_is_of_another_call(user):
    call = unique.next("c")
    assert register(user, "<sip:a@192.0.2.1>", expires=600, call_id=call, cseq=10).status == 200
    for cseq in (9, 10):
        late = register(user, "<sip:a@192.0.2.1>", expires=0, call_id=call, cseq=cseq)
        assert late.status == 500 and "CSeq" in late.start
        star = register(user, "*", expires=0, call_id=call, cseq=cseq)
        assert star.status == 500
        assert bindings(user) == ["sip:a@192.0.2.1"]
    assert bound(register(user, "<sip:a@192.0.2.1>", expires=700, call_id=unique.next("c"), cseq=1)) == ["sip:a@192.0.2.1"]
    assert bound(register(user, "<sip:a@192.0.2.1>", expires=0, call_id=call, cseq=11)) == []


def test_a_late_request_may_still_bind_what_is_not_bound(user):
    call = unique.next("c")
    register(user, "<sip:a@192.0.2.1>", call_id=call, cseq=10)
    assert register(user, "<sip:b@192.0.2.1>", call_id=call, cseq=9).status == 200


@pytest.mark.parametrize("bad, status", [("<sip:stale@192.0.2.1>", 500), ("<sip:x@192.0.2.1>;expires=1", 423),
                                         ("<sip:>", 400), ("<sip:x@192.0.2.1>;q=7", 400), ("<sip:" + 5000 * "x" + "@a.example>", 400)])
def test_one_bad_contact_leaves_all_as_they_were(user, bad, status):
    call = unique.next("c")
    register(user, "<sip:stale@192.0.2.1>", "<sip:goes@192.0.2.1>", call_id=call, cseq=5)
    response = register(user, "<sip:new@192.0.2.1>", "<sip:goes@192.0.2.1>;expires=0", bad, call_id=call, cseq=4)
    assert response.status == status
    assert bindings(user) == ["sip:goes@192.0.2.1", "sip:stale@192.0.2.1"]


@pytest.mark.parametrize("first, second, same", [
    ("sip:a@HOST.example", "sip:%61@host.EXAMPLE", True),
    ("sip:a@h.example;ob;x=1", "sip:a@h.example;X=1;ob", True),
    ("sip:a@h.example;x=1", "sip:a@h.example", True),
    ("sip:a@h.example", "sip:A@h.example", False),
    ("sip:a@h.example", "sip:a@h.example:5060", False),
    ("sip:a@h.example;transport=tcp", "sip:a@h.example", False),
    ("sip:a@[2001:db8::1]", "sip:a@[2001:DB8:0::1]", True)])
def test_contacts_are_compared_as_uris(user, first, second, same):
    register(user, f"<{first}>")
    assert len(bound(register(user, f"<{second}>"))) == (1 if same else 2)


def test_a_contact_named_twice_is_bound_once_as_said_last(user):
    response = register(user, "<sip:a@192.0.2.1>;q=0.1", "<sip:a@192.0.2.1>;q=0.9")
    assert [param_of(value, "q") for value in response.values("Contact")] == ["0.900"]


def test_a_retransmission_gets_the_same_answer_and_changes_nothing(user):
    request = user.request("REGISTER", "sip:example.org", to=f"<{user.aor}>", headers=[("Expires", "600")])
    user.send(request)
    first = user.response()
    register(user, f"<{user.contact_uri}>", expires=0)
    user.send(request)
    again = user.response()
    assert first.status == 200 and again.raw == first.raw
    assert bindings(user) == []


def test_a_request_that_comes_by_two_ways_is_taken_once(user):
    request = user.request("REGISTER", "sip:example.org", to=f"<{user.aor}>")
    user.send(request)
    assert user.response().status == 200
    request.headers[0] = ("Via", user.via())
    user.send(request)
    assert user.response().status == 482


# --- refreshed where nothing has to be durable: no transaction, but nobody sees it ---


@pytest.fixture(params=[["--no-auth"], []], ids=["no-auth", "digest"])
def relaxed(tchind, request):
    options = [*request.param, "--durability", "relaxed"]
    user = tchind(users={"alice": "wonderland"}, options=options).peer("alice", password="wonderland")
    assert user.register(call_id="relaxed", cseq=1).status == 200
    return user


def refresh(user, cseq, via=None, contact=None, call_id="relaxed", expires=600):
    """Sends it, with the answer to a challenge if there is one. Returns what was sent last, and what came back."""
    request = user.request("REGISTER", "sip:example.org", to=f"<{user.aor}>", call_id=call_id, cseq=cseq, contact=contact,
                           headers=[("Expires", str(expires))])
    request.set("From", f"<{user.aor}>;tag=same")
    if via is not None:
        request.set("Via", via)
    user.send(request)
    response = user.response()
    if response.status == 401:
        request = user.again(request, response)
        response = user.response()
    return request, response


def without_date(response):
    return [(name, value) for name, value in response.headers if name != "Date"]


def test_relaxed_a_repeated_refresh_gets_the_same_answer(relaxed):
    request, first = refresh(relaxed, 11)
    assert first.status == 200 and param_of(first.values("Contact")[0], "expires") == "600"
    for _ in range(3):
        relaxed.send(request)
        again = relaxed.response()
        assert (again.status, without_date(again)) == (200, without_date(first))
    assert bound(refresh(relaxed, 21)[1]) == [relaxed.contact_uri]


def test_relaxed_a_repeated_refresh_gets_the_same_answer_beside_another_phone(relaxed):
    request, first = refresh(relaxed, 11)
    assert relaxed.register(contacts=["<sip:other@192.0.2.1>"], call_id="other").status == 200
    relaxed.send(request)
    again = relaxed.response()
    assert (again.status, without_date(again)) == (200, without_date(first))
    assert bindings(relaxed) == [relaxed.contact_uri, "sip:other@192.0.2.1"]


def test_relaxed_a_refresh_that_comes_by_two_ways_is_taken_once(relaxed):
    request, first = refresh(relaxed, 11)
    assert first.status == 200
    request.set("Via", relaxed.via())
    relaxed.send(request)
    assert relaxed.response().status == 482


def test_relaxed_what_is_no_refresh_has_a_transaction(relaxed):
    request, first = refresh(relaxed, 11, contact="<sip:other@192.0.2.1>")
    assert bound(first) == ["sip:other@192.0.2.1", relaxed.contact_uri]
    relaxed.send(request)
    again = relaxed.response()
    assert (again.status, again.headers) == (200, first.headers)
    request.set("Via", relaxed.via())
    relaxed.send(request)
    assert relaxed.response().status == 482


def test_relaxed_a_repeat_does_not_undo_what_another_call_id_has_set(relaxed):
    request, first = refresh(relaxed, 11, call_id="one")
    assert param_of(refresh(relaxed, 11, call_id="two", expires=120)[1].values("Contact")[0], "expires") == "120"
    relaxed.send(request)
    again = relaxed.response()
    assert (again.status, again.headers) == (200, first.headers)
    [binding] = relaxed.register(contacts=[], call_id="asks").values("Contact")
    assert int(param_of(binding, "expires")) <= 120


def test_relaxed_the_order_of_refreshes_counts(relaxed):
    assert refresh(relaxed, 21)[1].status == 200
    late, answer = refresh(relaxed, 11)
    assert answer.status == 500 and "CSeq" in answer.start
    assert refresh(relaxed, 31)[1].status == 200
    assert bound(refresh(relaxed, 41, contact="<sip:other@192.0.2.1>")[1]) == ["sip:other@192.0.2.1", relaxed.contact_uri]


# --- limits ---


def test_a_user_has_so_many_bindings_and_no_more(tchind, tmp_path):
    options = configured(tmp_path, 'max_bindings = 3\ndomain "example.org" { max_bindings = 2 }\ndomain "b.example" {}\n')
    server = tchind(domains=(), options=[*options, "--no-auth"])
    user = server.peer("alice", domain="example.org")
    a, b, c = (f"<sip:{name}@192.0.2.1>" for name in "abc")
    assert register(user, a, b).status == 200
    full = register(user, c)
    assert full.status == 503 and int(full.get("Retry-After")) > 0
    assert register(user, b).status == 200, "a refresh takes no room"
    assert bound(register(user, f"{a};expires=0", c)) == ["sip:c@192.0.2.1", "sip:b@192.0.2.1"]
    assert register(server.peer("alice", domain="b.example"), a, b, c).status == 200


def test_a_user_may_have_a_limit_of_his_own(tchind):
    server = tchind(users={"alice": "wonderland", "bob": "builder"})
    server.stop()
    [database] = server.data.glob("*.db")
    with sqlite3.connect(database) as db:
        assert db.execute("UPDATE user SET max_bindings = 1 WHERE aor = 'alice@example.org'").rowcount == 1
    db.close()
    server.start()
    a, b = "<sip:a@192.0.2.1>", "<sip:b@192.0.2.1>"
    assert register(server.peer("alice"), a, b).status == 503
    assert register(server.peer("alice"), a).status == 200
    assert register(server.peer("bob"), a, b).status == 200


def test_a_long_list_is_shown_whole_or_not_at_all(tchind, tmp_path):
    server = tchind(options=[*configured(tmp_path, "max_bindings = 1000\n"), "--no-auth"])
    user = server.peer("alice", "tcp")
    for start in range(0, 600, 60):
        answer = register(user, *(f"<sip:contact{n}@192.0.2.1>" for n in range(start, start + 60)))
        assert len(answer.values("Contact")) == start + 60
    register(user, "*", expires=0)
    for start in range(0, 60, 15):
        answer = register(user, *(f"<sip:{2000 * 'x'}{n}@192.0.2.1>" for n in range(start, start + 15)))
    assert answer.status == 500 and answer.lines("Contact") == []


def test_a_request_with_very_many_contacts_is_refused(user):
    assert register(user, *(f"<sip:a{n}@192.0.2.1>" for n in range(65))).status == 400


# --- Path: RFC 3327 ---


def test_a_path_is_kept_shown_and_gone_along(lab, user):
    edge, caller = Peer("edge", lab.address), Peer(unique.next("caller"), lab.address)
    path = [f"<sip:edge@{edge.host}:{edge.port};lr;n=1>", "<sip:192.0.2.2;lr>", "<sip:192.0.2.3;lr>"]
    fields = [("Path", f"{path[0]},{path[1]}"), ("Path", path[2]), ("Supported", "path")]
    with edge, caller:
        answer = register(user, f"<{user.contact_uri}>", headers=fields)
        assert answer.values("Path") == path
        caller.send(caller.request("MESSAGE", user.aor))
        received = edge.expect("MESSAGE")
        assert received.uri == user.contact_uri and received.values("Route") == path
        user.expect_silence(0.1)


def test_a_path_that_the_phone_knows_nothing_of_is_kept_but_not_shown(lab, user):
    edge = Peer("edge", lab.address)
    with edge:
        answer = register(user, f"<{user.contact_uri}>", headers=[("Path", f"<sip:{edge.host}:{edge.port};lr>")])
        assert answer.status == 200 and answer.lines("Path") == []
        edge.send(edge.request("MESSAGE", user.aor))
        assert edge.expect("MESSAGE").uri == user.contact_uri


def test_each_binding_has_the_path_of_its_own_request(lab, user):
    edge = Peer("edge", lab.address)
    with edge:
        register(user, "<sip:a@192.0.2.1>;q=0.2")
        register(user, f"<sip:b@{edge.host}:{edge.port}>;q=0.8", headers=[("Path", f"<sip:{edge.host}:{edge.port};lr;here>")])
        edge.send(edge.request("MESSAGE", user.aor))
        assert edge.expect("MESSAGE").values("Route") == [f"<sip:{edge.host}:{edge.port};lr;here>"]


@pytest.mark.parametrize("path", ["edge", "sip:192.0.2.1;lr", "<mailto:a@b.example>", "<sip:192.0.2.1;lr>, <sip:>",
                                  ",".join(300 * ["<sip:192.0.2.111;lr>"])])
def test_a_malformed_path_is_refused_by_name(user, path):
    for contacts in (["<sip:a@192.0.2.1>"], []):
        answer = register(user, *contacts, headers=[("Path", path), ("Supported", "path")])
        assert answer.status == 400 and "Path" in answer.start
    assert bindings(user) == []


# --- what is required ---


def test_unknown_extensions_are_named(user):
    answer = register(user, "<sip:a@192.0.2.1>", headers=[("Require", "path, teleport"), ("Require", "sec-agree")])
    assert answer.status == 420 and sorted(answer.values("Unsupported")) == ["sec-agree", "teleport"]
    assert bindings(user) == []


def test_path_may_be_required(user):
    assert register(user, "<sip:a@192.0.2.1>", headers=[("Require", "path")]).status == 200


def test_a_body_that_must_be_understood_is_refused(user):
    refused = register(user, "<sip:a@192.0.2.1>", body=SDP)
    assert refused.status == 415 and refused.get("Accept") == ""
    assert bindings(user) == []
    optional = [("Content-Disposition", "session;handling=optional")]
    assert register(user, "<sip:a@192.0.2.1>", body=SDP, headers=optional).status == 200


# --- whose bindings ---


@pytest.mark.parametrize("to, status", [
    ("<sip:{user}@elsewhere.example>", 404), ("<sip:example.org>", 404), ("<sip:{user}@b.example>", 404),
    ("<tel:+358501234567>", 400), ("<mailto:{user}@example.org>", 400),
    ('"A" <sip:{user}@EXAMPLE.org:5060;user=phone>;x=y', 200), ("sip:{user}@example.org.", 200), ("<sips:{user}@example.org>", 200)])
def test_the_address_of_record_is_a_user_of_the_domain_asked(user, to, status):
    answer = register(user, "<sip:a@192.0.2.1>", to=to.format(user=user.user))
    assert answer.status == status
    assert bindings(user) == (["sip:a@192.0.2.1"] if status == 200 else [])


def test_an_address_of_record_has_one_form_however_it_is_escaped(user):
    escaped = "".join(f"%{ord(c):02x}" for c in user.user)
    register(user, "<sip:a@192.0.2.1>", to=f"<sip:{escaped}@example.org>")
    assert bindings(user) == ["sip:a@192.0.2.1"]


def test_the_registrar_may_be_asked_by_its_address(lab, user):
    place = f"{lab.host}:{lab.port}"
    assert register(user, "<sip:a@192.0.2.1>", uri=f"sip:{place}").status == 200
    assert register(user, "<sip:b@192.0.2.1>", uri=f"sip:{place}", to=f"<sip:{user.user}@{place}>").status == 200
    assert bindings(user) == ["sip:a@192.0.2.1", "sip:b@192.0.2.1"]
    with Peer(user.user, lab.address, domain="b.example") as other:
        assert register(other, "<sip:c@192.0.2.1>", uri=f"sip:{place}").status == 200
        assert bindings(other) == ["sip:c@192.0.2.1"]


def test_a_register_for_elsewhere_goes_there_for_who_may_send_it(lab, user, server):
    with Peer("registrar", lab.address) as registrar:
        elsewhere = f"sip:{registrar.host}:{registrar.port}"
        user.send(user.request("REGISTER", elsewhere, to=f"<{user.aor}>"))
        registrar.respond(registrar.expect("REGISTER"), 200)
        user.expect(200)
        assert bindings(user) == []
        stranger = server.peer("stranger", domain="elsewhere.example")
        assert register(stranger, "<sip:a@192.0.2.1>", uri=elsewhere).status == 403
        registrar.expect_silence(0.1)


def test_nobody_registers_for_somebody_else(server):
    alice, bob = server.peer("alice"), server.registered("bob")
    refused = register(alice, "<sip:a@192.0.2.1>", to=f"<{bob.aor}>")
    assert refused.status == 403
    assert register(alice, "*", expires=0, to=f"<{bob.aor}>").status == 403
    assert register(alice, to=f"<{bob.aor}>").status == 403, "nor is he shown to others"
    assert bindings(bob) == [bob.contact_uri]


def test_who_authenticates_counts_not_who_is_in_from(server):
    alice = server.peer("alice")
    request = alice.request("REGISTER", "sip:example.org", to="<sip:alice@example.org>")
    request.set("From", "<sip:secretary@elsewhere.example>;tag=1")
    alice.send(request)
    alice.again(request, alice.expect(401))
    alice.expect(200)


def test_an_alias_receives_but_does_not_log_in(server):
    done = server.tool("user", "alias", "add", "sales@example.org", "bob@example.org", "--data", server.data)
    assert done.returncode == 0, done.stderr
    alice, bob = server.peer("alice"), server.registered("bob")
    assert register(server.peer("sales", password="builder"), "<sip:a@192.0.2.1>").status == 401
    assert register(alice, "<sip:a@192.0.2.1>", to="<sip:sales@example.org>").status == 403
    answer = register(bob, "<sip:desk@192.0.2.1>;q=0.1", to="<sip:sales@example.org>")
    assert sorted(bound(answer)) == sorted([bob.contact_uri, "sip:desk@192.0.2.1"]), "his own bindings"
    register(bob, "<sip:desk@192.0.2.1>", expires=0)
    finish(establish(alice, bob, "sip:sales@example.org")[0], bob)


def test_an_alias_in_a_lab_is_its_user(tchind):
    server = tchind(users={"bob": "builder"}, options=["--no-auth"])
    assert server.tool("user", "alias", "add", "sales@example.org", "bob@example.org", "--data", server.data).returncode == 0
    sales, alice = server.peer("sales"), server.peer("alice")
    assert register(sales, f"<{sales.contact_uri}>").status == 200
    alice.send(alice.request("MESSAGE", "sip:sales@example.org"))
    sales.respond(sales.expect("MESSAGE"), 200)
    alice.expect(200)


def test_two_domains_have_users_of_the_same_name(tchind):
    server = tchind(domains=("example.org", "b.example"), users={"alice@example.org": "one", "alice@b.example": "two"})
    first = server.peer("alice", domain="example.org", password="one")
    second = server.peer("alice", domain="b.example", password="two")
    assert register(first, f"<{first.contact_uri}>").status == register(second, f"<{second.contact_uri}>").status == 200
    assert bindings(first) == [first.contact_uri] and bindings(second) == [second.contact_uri]
    crossed = server.peer("alice", domain="b.example", password="one")
    assert register(crossed).status == 401
    finish(establish(first, second, second.aor)[0], second)


def test_who_is_removed_is_gone_at_once(server):
    alice, bob = server.peer("alice"), server.registered("bob")
    assert server.tool("user", "remove", "bob@example.org", "--data", server.data).returncode == 0
    assert register(bob).status == 401
    invite = alice.invite(bob.aor)
    answer = alice.response()
    alice.ack(invite, answer)
    assert answer.status == 404
    bob.expect_silence(0.1)
    server.add_user("bob", "builder")
    assert bindings(bob) == [], "a new user of that name starts with nothing"


def test_a_lab_registers_whom_it_does_not_know(lab, user):
    with Peer(unique.next("caller"), lab.address) as caller:
        assert register(user, f"<{user.contact_uri}>").status == 200
        finish(establish(caller, user, user.aor)[0], user)


# --- by which way, and across the end of the server ---


def test_it_is_the_same_by_udp_and_by_tcp(server):
    udp, tcp = server.peer("alice"), server.peer("alice", "tcp")
    assert register(udp, f"<{udp.contact_uri}>").status == 200
    assert sorted(bound(register(tcp, f"<{tcp.contact_uri}>"))) == sorted([udp.contact_uri, tcp.contact_uri])
    bob = server.peer("bob")
    invite = bob.invite("sip:alice@example.org")
    for phone in (udp, tcp):
        received = phone.expect("INVITE")
        assert received.uri == phone.contact_uri
        phone.respond(received, 486)
    bob.ack(invite, bob.expect(486))


def test_ipv6_serves_as_ipv4_does(tchind):
    with Peer("nobody", ("::1", 9)) as placeholder:
        port = placeholder.port
    server = tchind(domains=("example.org", "2001:db8::5"), host="::1", port=port,
                    users={"alice": "one", "bob": "two", "alice@[2001:db8::5]": "three"})
    alice, bob = server.peer("alice", host="::1"), server.peer("bob", "tcp", host="::1")
    for phone in (alice, bob):
        assert bound(register(phone, f"<{phone.contact_uri}>")) == [phone.contact_uri]
    assert register(bob, uri=f"sip:[::1]:{port}", to=f"<sip:bob@[0:0::1]:{port}>").status == 200
    finish(establish(alice, bob, bob.aor)[0], bob)
    literal = server.peer("alice", host="::1", domain="[2001:db8::5]", password="three")
    assert register(literal, "<sip:a@192.0.2.1>").status == 200
    assert bindings(alice) == [alice.contact_uri]


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_bindings_survive_the_server(tchind, end):
    server = tchind(users={"alice": "wonderland", "bob": "builder"})
    alice, bob = server.peer("alice"), server.peer("bob")
    call, edge = unique.next("c"), f"<sip:{bob.host}:{bob.port};lr>"
    register(bob, f'<{bob.contact_uri}>;q=0.5;+sip.instance="<urn:uuid:1>"', call_id=call, cseq=7, expires=1200,
             headers=[("Path", edge)])
    register(bob, "<sip:gone@192.0.2.1>")
    before = register(bob, "<sip:gone@192.0.2.1>", expires=0).values("Contact")
    if end == "kill":
        server.kill()
    else:
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(5) == 0
    server.start()
    after = register(bob).values("Contact")
    assert [re.sub("expires=[0-9]+", "", value) for value in after] == [re.sub("expires=[0-9]+", "", value) for value in before]
    assert 1190 <= int(re.search("expires=([0-9]+)", after[0])[1]) <= 1200
    assert register(bob, f"<{bob.contact_uri}>", call_id=call, cseq=6).status == 500, "the order is known, too"
    invite = alice.invite(bob.aor)
    received = bob.expect("INVITE")
    assert received.values("Route") == [edge]
    bob.respond(received, 486)
    alice.ack(invite, alice.expect(486))
