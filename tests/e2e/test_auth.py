"""
Who is believed: digest as RFC 3261 22, RFC 7616 and RFC 8760 have it, and what is done about guessing.
"""

import hashlib
import re
import statistics
import time

import pytest

from servers import Server, configured
from sip import SDP, Message, challenge_params, establish, finish

HASHES = {"MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}
HOME = "sip:example.org"
UNCHANGED = object()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A server for the tests that leave nothing behind: neither bindings nor wrong passwords unforgiven."""
    server = Server(tmp_path_factory.mktemp("shared"), users={"alice": "wonderland", "bob": "builder"})
    yield server.start()
    server.stop()


@pytest.fixture
def alice(shared):
    with shared.peer("alice") as peer:
        yield peer


def challenge_of(response):
    """The first challenge of an answer, as its parameters."""
    name = {401: "WWW-Authenticate", 407: "Proxy-Authenticate"}[response.status]
    return challenge_params(response.get(name))


def credentials(challenge, method, user, password, uri=HOME, qop="auth", nc=1, algorithm=None, body=b"", **fields):
    """The value of (Proxy-)Authorization; `fields` are written as given, None leaves one out."""
    algorithm = algorithm or challenge.get("algorithm", "MD5")
    hash_name = HASHES[algorithm.removesuffix("-sess").upper()]

    def digest(*parts):
        return hashlib.new(hash_name, ":".join(parts).encode()).hexdigest()

    nonce, cnonce, count = challenge["nonce"], "0a4f113b", f"{nc:08x}"
    ha1 = digest(user, challenge["realm"], password)
    if algorithm.endswith("-sess"):
        ha1 = digest(ha1, nonce, cnonce)
    ha2 = digest(method, uri, *([hashlib.new(hash_name, body).hexdigest()] if qop == "auth-int" else []))
    counted = [nonce, count, cnonce, qop] if qop else [nonce]
    written = {"username": f'"{user}"', "realm": f'"{challenge["realm"]}"', "nonce": f'"{nonce}"', "uri": f'"{uri}"',
               "response": f'"{digest(ha1, *counted, ha2)}"', "algorithm": algorithm}
    if qop:
        written.update(qop=qop, nc=count, cnonce=f'"{cnonce}"')
    written.update(fields)
    return "Digest " + ", ".join(f"{name}={value}" for name, value in written.items() if value is not None)


def with_credentials(peer, request, *values):
    """The request again, as a client sends it after a challenge."""
    name = "Authorization" if request.method == "REGISTER" else "Proxy-Authorization"
    retry = Message(request.start, request.headers, request.body)
    retry.headers = [("Via", peer.via()), *((n, v) for n, v in retry.headers if n != "Via")]
    retry.set("CSeq", f"{request.cseq + 1} {request.method}")
    retry.headers += [(name, value) for value in values]
    return retry


def ask(peer, request):
    peer.send(request)
    return peer.response()


def query(peer):
    return peer.request("REGISTER", f"sip:{peer.domain}", to=f"<{peer.aor}>", contact="")


def log_in(peer, password=UNCHANGED, user=None, request=None, **details):
    """Asks, is challenged, answers with these details. Returns the final answer."""
    request = request or query(peer)
    challenge = challenge_of(ask(peer, request))
    password = peer.password if password is UNCHANGED else password
    details.setdefault("uri", request.uri)
    line = credentials(challenge, request.method, user or peer.user, password, body=request.body, **details)
    return ask(peer, with_credentials(peer, request, line))


# --- the challenge ---


@pytest.mark.parametrize("method", ["INVITE", "MESSAGE", "OPTIONS", "SUBSCRIBE", "PUBLISH", "BYE", "TELEPORT"])
def test_what_goes_through_a_proxy_is_challenged_with_407(alice, method):
    response = ask(alice, alice.request(method, "sip:bob@example.org"))
    assert response.status == 407 and response.lines("WWW-Authenticate") == []
    assert challenge_of(response)["realm"] == "example.org"


def test_a_register_is_challenged_with_401(alice):
    response = ask(alice, query(alice))
    assert response.status == 401 and response.lines("Proxy-Authenticate") == []


def test_neither_ack_nor_cancel_is_challenged(alice):
    alice.send(alice.request("ACK", "sip:bob@example.org"))
    alice.expect_silence(0.2)
    assert ask(alice, alice.request("CANCEL", "sip:bob@example.org")).status == 481


def test_a_challenge_has_realm_nonce_algorithm_and_qop(alice):
    first, second = ask(alice, query(alice)), ask(alice, query(alice))
    [line] = first.lines("WWW-Authenticate")
    assert re.fullmatch(r'Digest realm="example\.org", nonce="[\w-]{20}", algorithm=MD5, qop="auth"', line)
    assert challenge_of(first)["nonce"] != challenge_of(second)["nonce"]


@pytest.mark.parametrize("which, offered", [("md5", ["MD5"]), ("both", ["SHA-256", "MD5"]), ("sha256", ["SHA-256"])])
def test_each_algorithm_that_is_offered_works_and_no_other(tchind, which, offered):
    server = tchind(users={"alice": "wonderland"}, options=["--digest", which])
    alice = server.peer("alice")
    lines = ask(alice, query(alice)).lines("WWW-Authenticate")
    assert [challenge_params(line)["algorithm"] for line in lines] == offered
    assert len({challenge_params(line)["nonce"] for line in lines}) == 1, "RFC 7616 3.9.1"
    for algorithm in ("MD5", "SHA-256", "SHA-512-256"):
        assert log_in(alice, algorithm=algorithm).status == (200 if algorithm in offered else 401)


def test_who_answers_both_challenges_is_believed(tchind):
    server = tchind(users={"alice": "wonderland"}, options=["--digest", "both"])
    alice = server.peer("alice")
    for _ in range(2):
        request = query(alice)
        lines = [credentials(challenge_params(line), "REGISTER", "alice", "wonderland")
                 for line in ask(alice, request).lines("WWW-Authenticate")]
        assert len(lines) == 2
        assert ask(alice, with_credentials(alice, request, *lines)).status == 200


def test_a_domain_may_offer_another_digest(tchind, tmp_path):
    conf = 'digest = sha256\ndomain "a.example" { digest = both }\ndomain "b.example" {}\ndomain "c.example" { digest = md5 }\n'
    server = tchind(domains=(), options=configured(tmp_path, conf))
    offered = {}
    for domain in ("a.example", "b.example", "c.example"):
        peer = server.peer("alice", domain=domain)
        offered[domain] = [challenge_params(line)["algorithm"] for line in ask(peer, query(peer)).lines("WWW-Authenticate")]
    assert offered == {"a.example": ["SHA-256", "MD5"], "b.example": ["SHA-256"], "c.example": ["MD5"]}


def test_the_digest_can_be_changed_and_every_password_still_works(tchind):
    server = tchind(users={"alice": "wonderland"})
    for which in ("sha256", "both", "md5"):
        server.stop()
        server.options = ["--digest", which]
        server.start()
        assert log_in(server.peer("alice")).status == 200


# --- right and wrong ---


def test_the_realm_is_the_domain_of_the_user(tchind):
    server = tchind(domains=("example.org", "b.example"), users={"alice@example.org": "one", "alice@b.example": "two"})
    for domain, password in (("example.org", "one"), ("b.example", "two")):
        alice = server.peer("alice", domain=domain, password=password)
        assert challenge_of(ask(alice, query(alice)))["realm"] == domain
        assert challenge_of(ask(alice, alice.request("MESSAGE", "sip:bob@example.org")))["realm"] == domain
        assert log_in(alice).status == 200


@pytest.mark.parametrize("user, status", [("alice", 200), ("alice@example.org", 200), ("alice@b.example", 401), ("ALICE", 401),
                                          ("bob", 401), ("", 401), ("alice@example.org@example.org", 401)])
def test_the_user_may_name_the_domain_too(alice, user, status):
    assert log_in(alice, user=user or " ", username=f'"{user}"').status == status
    assert log_in(alice).status == 200


def normalised(response):
    """All octets but for what differs in each message by its nature."""
    text = re.sub(r'nonce="[\w-]{20}"', "nonce", str(response))
    text = re.sub(r"branch=[^;\r]*|tag=[^;\r]*|rport=\d+|:\d+;|Call-ID: [^\r]*", "", text)
    return text


def test_a_wrong_password_and_an_unknown_user_get_the_same_octets(server):
    answers = set()
    alice = server.peer("alice")
    for user in ("alice", "nobody", "alice@example.org", "nobody@elsewhere.example"):
        answers.add(normalised(log_in(alice, password="wrong", user=user)))
    assert len(answers) == 1, answers
    assert "401" in answers.pop()


def test_a_wrong_password_and_an_unknown_user_take_the_same_time(tchind):
    server = tchind(users={"alice": "wonderland"}, traces=False)
    took = {"alice": [], "nobody": []}
    for n in range(40):
        peer = server.peer("alice", host=f"127.8.0.{1 + n}")
        for user, times in took.items():
            for _ in range(4):
                request = query(peer)
                challenge = challenge_of(ask(peer, request))
                retry = with_credentials(peer, request, credentials(challenge, "REGISTER", user, "wrong"))
                began = time.perf_counter()
                assert ask(peer, retry).status == 401
                times.append(time.perf_counter() - began)
    known, unknown = (statistics.quantiles(times, n=10)[0] for times in took.values())  # where others were not in the way
    assert 0.5 < known / unknown < 2, took


def test_who_guesses_is_shut_out_and_nobody_else(server):
    alice, elsewhere = server.peer("alice"), server.peer("alice", host="127.0.0.2")
    assert [log_in(alice, password=f"guess{n}").status for n in range(5)] == [401] * 5
    refused = log_in(alice)
    assert refused.status == 403, "the right one comes too late"
    assert log_in(alice, user="alice@example.org").status == 403, "by any name"
    assert ask(alice, query(alice)).status == 401, "who sends none is asked as ever"
    invite = alice.request("INVITE", "sip:bob@example.org", body=SDP)
    assert log_in(alice, request=invite).status == 403, "to call as well"
    assert log_in(server.peer("bob")).status == 200, "another user at the same address"
    assert log_in(elsewhere).status == 200, "the same user at another"


def test_a_right_password_forgives_the_wrong_ones(server):
    alice = server.peer("alice")
    for _ in range(3):
        assert [log_in(alice, password="wrong").status for _ in range(4)] == [401] * 4
        assert log_in(alice).status == 200


# --- nonces ---


def test_a_nonce_of_another_run_of_the_server_is_stale(tchind):
    server = tchind(users={"alice": "wonderland"})
    alice = server.peer("alice")
    challenge = challenge_of(ask(alice, query(alice)))
    server.kill()
    server.start()
    line = credentials(challenge, "REGISTER", "alice", "wonderland")
    renewed = challenge_of(ask(alice, with_credentials(alice, query(alice), line)))
    assert renewed["stale"] == "true", "nobody need be asked for the password"
    line = credentials(renewed, "REGISTER", "alice", "wonderland")
    assert ask(alice, with_credentials(alice, query(alice), line)).status == 200


def test_a_nonce_belongs_to_the_address_that_it_was_given(server):
    alice, thief = server.peer("alice"), server.peer("alice", host="127.0.0.2")
    line = credentials(challenge_of(ask(alice, query(alice))), "REGISTER", "alice", "wonderland")
    assert ask(thief, with_credentials(thief, query(thief), line)).status == 401
    assert ask(alice, with_credentials(alice, query(alice), line)).status == 200


def test_a_nonce_count_is_good_for_one_request(alice):
    challenge = challenge_of(ask(alice, query(alice)))

    def use(nc):
        return ask(alice, with_credentials(alice, query(alice), credentials(challenge, "REGISTER", "alice", "wonderland", nc=nc)))

    assert [use(nc).status for nc in (1, 2, 5)] == [200, 200, 200]
    for nc in (5, 4, 1):
        replayed = use(nc)
        assert replayed.status == 401 and challenge_of(replayed)["stale"] == "true"
    assert use(6).status == 200


def test_a_retransmission_is_no_replay(alice):
    challenge = challenge_of(ask(alice, query(alice)))
    retry = with_credentials(alice, query(alice), credentials(challenge, "REGISTER", "alice", "wonderland"))
    assert [ask(alice, retry).status for _ in range(3)] == [200] * 3


def test_without_qop_a_nonce_is_good_for_one_request(alice):
    challenge = challenge_of(ask(alice, query(alice)))
    line = credentials(challenge, "REGISTER", "alice", "wonderland", qop=None)
    assert ask(alice, with_credentials(alice, query(alice), line)).status == 200
    again = ask(alice, with_credentials(alice, query(alice), line))
    assert again.status == 401 and challenge_of(again)["stale"] == "true"


# --- the forms of credentials ---


@pytest.mark.parametrize("details", [
    {"qop": "auth"}, {"qop": "auth-int"}, {"qop": None}, {"algorithm": "MD5-sess"}, {"algorithm": "MD5-sess", "qop": "auth-int"},
    {"algorithm": "md5"}, {"qop": None, "algorithm": "MD5", "cnonce": '"c"'}, {"opaque": '""'}, {"realm": '"EXAMPLE.org"'}])
def test_every_form_of_a_right_answer_is_right(alice, details):
    assert log_in(alice, **details).status == 200


def test_auth_int_covers_the_body(server):
    alice, bob = server.peer("alice"), server.registered("bob")
    for sent, status in ((b"hello", 200), (b"jello", 407)):
        request = alice.request("MESSAGE", bob.aor, body=b"hello")
        challenge = challenge_of(ask(alice, request))
        line = credentials(challenge, "MESSAGE", "alice", "wonderland", uri=bob.aor, qop="auth-int", body=b"hello")
        retry = with_credentials(alice, request, line)
        retry.body = sent
        alice.send(retry)
        if status == 200:
            bob.respond(bob.expect("MESSAGE"), 200)
        assert alice.response().status == status
    bob.expect_silence(0.1)


def test_of_several_realms_ours_is_looked_for(alice):
    foreign = {"realm": "elsewhere.example", "nonce": "n", "algorithm": "MD5"}
    others = [credentials(foreign, "REGISTER", "alice", "x"), "Basic YWxpY2U6d29uZGVybGFuZA==", "Teleport now",
              credentials({**foreign, "realm": "example.org"}, "REGISTER", "alice", "x")]
    for position in range(len(others) + 1):
        request = query(alice)
        ours = credentials(challenge_of(ask(alice, request)), "REGISTER", "alice", "wonderland")
        assert ask(alice, with_credentials(alice, request, *others[:position], ours, *others[position:])).status == 200


def test_basic_is_never_taken(alice):
    response = ask(alice, with_credentials(alice, query(alice), "Basic YWxpY2U6d29uZGVybGFuZA=="))
    assert response.status == 401 and all(line.startswith("Digest ") for line in response.lines("WWW-Authenticate"))


@pytest.mark.parametrize("fields", [
    {"username": '""'}, {"username": None}, {"username": '"alice'}, {"username": f'"{"a" * 5000}"'}, {"nonce": None}, {"nonce": '""'},
    {"nonce": '"' + "f" * 20 + '"'}, {"nonce": '"' + "é" * 10 + '"'}, {"response": None}, {"response": '""'}, {"response": '"x"'},
    {"response": f'"{"0" * 10000}"'}, {"uri": None}, {"nc": None}, {"nc": "1"}, {"nc": "0000000g"}, {"cnonce": None}, {"qop": "both"},
    {"qop": '"auth,auth-int"'}, {"algorithm": "SHA-512-256"}, {"algorithm": "ROT13"}, {"algorithm": "-sess"}, {"realm": None},
    {"realm": '"elsewhere.example"'}, {"realm": '"example.org", realm="example.org"'}, {"opaque": '"\\"'}, {"nc": "00000001;"}])
def test_malformed_credentials_are_as_good_as_none(alice, fields):
    request = query(alice)
    line = credentials(challenge_of(ask(alice, request)), "REGISTER", "alice", "wonderland")
    name, value = next(iter(fields.items()))
    pattern = rf', {name}=("[^"]*"|[^",]*)' if name != "username" else rf'username=("[^"]*"|[^",]*),'
    written = "" if value is None else f", {name}={value}" if name != "username" else f"username={value},"
    line, count = re.subn(pattern, lambda _: written, line)
    if not count:
        line += written
    assert ask(alice, with_credentials(alice, request, line)).status == 401
    assert log_in(alice).status == 200, "and nothing is wrong with the server"


@pytest.mark.parametrize("line", ["", "Digest", "Digest ", "Digest ,,,", "Digest =", 'Digest username="', "Digest username", "\x01"])
def test_what_are_no_credentials_is_as_good_as_none(alice, line):
    assert ask(alice, with_credentials(alice, query(alice), line)).status == 401


@pytest.mark.parametrize("uri, status", [("sip:example.org", 200), ("sip:EXAMPLE.ORG:5060", 200), ("sip:anyone@example.org", 200),
                                         ("sip:elsewhere.example", 400), ("http://example.org", 400), ("example.org", 400)])
def test_a_digest_is_over_a_uri_that_we_answer_for(alice, uri, status):
    assert log_in(alice, uri=uri).status == status


def test_a_digest_may_be_over_the_foreign_uri_that_is_called(server):
    alice, friend = server.peer("alice"), server.peer("friend", domain="elsewhere.example")
    called = f"sip:friend@{friend.host}:{friend.port}"
    request = alice.request("MESSAGE", called)
    alice.send(request)
    line = credentials(challenge_of(alice.expect(407)), "MESSAGE", "alice", "wonderland", uri=called)
    alice.send(with_credentials(alice, request, line))
    friend.respond(friend.expect("MESSAGE"), 200)
    alice.expect(200)
    redirected = alice.request("MESSAGE", f"sip:premium@{friend.host}:{friend.port}")
    line = credentials(challenge_of(ask(alice, redirected)), "MESSAGE", "alice", "wonderland", uri=called)
    assert ask(alice, with_credentials(alice, redirected, line)).status == 400
    friend.expect_silence(0.1)


def test_a_digest_of_another_method_is_wrong(alice):
    request = query(alice)
    line = credentials(challenge_of(ask(alice, request)), "OPTIONS", "alice", "wonderland")
    assert ask(alice, with_credentials(alice, request, line)).status == 401
    assert log_in(alice).status == 200


# --- what is done with them ---


def test_our_credentials_are_taken_out_and_those_of_others_go_on(server):
    alice, bob = server.peer("alice"), server.registered("bob")
    request = alice.request("MESSAGE", bob.aor, headers=[("Authorization", 'Digest realm="bob", nonce="b"')])
    foreign = 'Digest username="a", realm="elsewhere.example", nonce="n", uri="sip:x", response="0"'
    ours = credentials(challenge_of(ask(alice, request)), "MESSAGE", "alice", "wonderland", uri=bob.aor)
    alice.send(with_credentials(alice, request, foreign, ours, "Other scheme"))
    received = is_delivered(alice, bob)
    assert received.lines("Proxy-Authorization") == [foreign, "Other scheme"]
    assert received.lines("Authorization") == ['Digest realm="bob", nonce="b"']


def send_as(peer, sender, uri="sip:bob@example.org"):
    """A MESSAGE with that From."""
    return peer.send(peer.request("MESSAGE", uri).set("From", f"{sender};tag=1"))


def answer_challenge(peer, request):
    line = credentials(challenge_of(peer.expect(407)), request.method, peer.user, peer.password, uri=request.uri)
    peer.send(with_credentials(peer, request, line))


def is_delivered(peer, callee):
    received = callee.expect("MESSAGE")
    callee.respond(received, 200)
    peer.expect(200)
    return received


@pytest.mark.parametrize("sender", ["<sip:bob@example.org>", "<sip:anonymous@example.org>", "<sip:example.org>", "<sip:Alice@example.org>"])
def test_nobody_calls_as_somebody_else(shared, alice, sender):
    bob = shared.registered("bob")
    answer_challenge(alice, send_as(alice, sender))
    assert "From" in alice.expect(403).start
    bob.expect_silence(0.1)
    bob.register(expires=0)


@pytest.mark.parametrize("sender", ['"A" <sip:alice@EXAMPLE.org:5060;user=phone>', "<sip:%61lice@example.org>", "<sips:alice@example.org>",
                                    "<sip:sales@example.org>"])
def test_a_user_calls_by_any_form_of_his_address_and_by_his_aliases(server, sender):
    assert server.tool("user", "alias", "add", "sales@example.org", "alice@example.org", "--data", server.data).returncode == 0
    alice, bob = server.peer("alice"), server.registered("bob")
    answer_challenge(alice, send_as(alice, sender))
    assert is_delivered(alice, bob).get("From") == f"{sender};tag=1"


@pytest.mark.parametrize("sender", ['"Anonymous" <sip:anonymous@anonymous.invalid>', "<tel:+358501234567>", "<mailto:a@example.org>"])
def test_who_names_no_domain_of_ours_is_a_stranger(shared, alice, sender):
    bob = shared.registered("bob")
    send_as(alice, sender)
    assert is_delivered(alice, bob)
    send_as(alice, sender, "sip:a@elsewhere.example")
    alice.expect(403)
    bob.register(expires=0)


def test_the_user_of_one_domain_is_nobody_in_another(tchind):
    server = tchind(domains=("example.org", "b.example"), users={"alice@example.org": "one", "bob@b.example": "two"})
    alice = server.peer("alice", domain="b.example", password="one")
    assert log_in(alice).status == 401
    request = alice.request("MESSAGE", "sip:bob@b.example")
    assert log_in(alice, request=request).status == 407


def test_once_in_a_dialog_nobody_is_asked_again(server):
    alice, bob = server.registered("alice"), server.registered("bob")
    for end, other in ((0, bob), (1, alice)):
        ends = establish(alice, bob, bob.aor)
        finish(ends[end], other)
