"""Channels send what Apprise sends for the same message; e-mail is taken by aiosmtpd over STARTTLS with a login."""

import datetime
import email
import email.policy
import json
import ssl
import sys
import tempfile
import urllib.parse
from pathlib import Path

import apprise
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from outbound_server import Algohook, Receiver

TITLE = "A test of algohook"
BODY = 'The channel "Oracle" works. <b>&*_`@everyone stay text.'


def ours(algohook, kind, *settings):
    """Adds a channel and has it send its test."""
    sets = [part for setting in settings for part in ("--set", setting)]
    channel = algohook.json("channel", "add", "Oracle", "--kind", kind, *sets, "--json")
    said = algohook.run("channel", "test", channel["id"])
    algohook.run("channel", "remove", channel["id"])
    return said


def by_apprise(url):
    """Sends the same by Apprise, whose base addresses are its own or of the URL."""
    target = apprise.Apprise.instantiate(url, suppress_exceptions=False)
    assert target.send(title=TITLE, body=BODY), url


def fields(body):
    try:
        return json.loads(body)
    except json.JSONDecodeError:
        return dict(urllib.parse.parse_qsl(body.decode()))


def same(kind, ours, theirs, names):
    """Both went to the same path, and agree in these fields; names of headers are in small letters."""
    (path, headers, body), (their_path, their_headers, their_body) = ours, theirs
    assert path == their_path, f"{kind}: {path} and {their_path}"
    body, their_body = fields(body), fields(their_body)
    for name in names:
        assert str(body[name]) == str(their_body[name]), f"{kind}: {name}: {body[name]!r} and {their_body[name]!r}"
    lower = {name.lower(): value for name, value in headers.items()}
    for name, value in their_headers.items():
        # Pushover reads its token from the form; Apprise repeats it as a login.
        if name.lower() in ("x-gotify-key", "authorization") and kind != "pushover":
            assert lower[name.lower()] == value, f"{kind}: {name}"
    print(f"apprise: {kind} goes to the same place with the same {', '.join(names)}")


def http_channels(algohook):
    receiver = Receiver()
    host = receiver.url.removeprefix("http://")

    ours(algohook, "gotify", f"url={receiver.url}", "token=AbCdEf0123456")
    by_apprise(f"gotify://{host}/AbCdEf0123456")
    same("gotify", *receiver.came[-2:], ["title", "message"])

    ours(algohook, "ntfy", f"url={receiver.url}", "topic=alerts", "token=tk_0123456789")
    by_apprise(f"ntfy://tk_0123456789@{host}/alerts?auth=token")
    same("ntfy", *receiver.came[-2:], ["topic", "title", "message"])

    from apprise.plugins.pushover import NotifyPushover
    NotifyPushover.notify_url = f"{receiver.url}/1/messages.json"
    user, token = "u" * 30, "t" * 30
    ours(algohook, "pushover", f"url={receiver.url}", f"user={user}", f"token={token}")
    by_apprise(f"pover://{user}@{token}")
    same("pushover", *receiver.came[-2:], ["token", "user", "title", "message", "priority"])

    from apprise.plugins.telegram import NotifyTelegram
    NotifyTelegram.notify_url = f"{receiver.url}/bot"
    ours(algohook, "telegram", f"url={receiver.url}", "token=123456789:AAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "chat=42")
    by_apprise("tgram://123456789:AAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/42/?format=html&detect=no")
    same("telegram", *receiver.came[-2:], ["chat_id", "parse_mode"])
    text = fields(receiver.came[-2][2])["text"]
    assert "&lt;b&gt;&amp;" in text, f"Telegram refuses what is not escaped: {text}"

    from apprise.plugins.discord import NotifyDiscord
    NotifyDiscord.notify_url = f"{receiver.url}/api/webhooks"
    ours(algohook, "discord", f"url={receiver.url}/api/webhooks/123/abc")
    by_apprise("discord://123/abc")
    (path, _, body), (their_path, _, their_body) = receiver.came[-2:]
    assert path == their_path.split("?")[0], f"{path} and {their_path}"
    assert isinstance(fields(body)["content"], str) and isinstance(fields(their_body)["content"], str)
    assert fields(body)["allowed_mentions"] == {"parse": []}
    print("apprise: discord goes to the same place with content")


def certificate(folder):
    """A certificate for localhost that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256()))
    pem, key_file = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return pem, key_file


class Mails:
    def __init__(self):
        self.came = []

    async def handle_DATA(self, server, session, envelope):
        self.came.append((session, envelope))
        return "250 taken by aiosmtpd"


def authenticate(server, session, envelope, mechanism, data):
    is_right = isinstance(data, LoginPassword) and data.login == b"bot" and data.password == b"p4ssw0rd"
    return AuthResult(success=is_right, handled=False)


def mail(binary):
    folder = Path(tempfile.mkdtemp())
    pem, key = certificate(folder)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem, key)
    mails = Mails()
    starttls = Controller(mails, hostname="127.0.0.1", port=0, tls_context=context, require_starttls=True,
                          authenticator=authenticate, auth_required=True)
    tls = Controller(mails, hostname="127.0.0.1", port=0, ssl_context=context, authenticator=authenticate,
                     auth_require_tls=False)
    for controller in (starttls, tls):
        controller.port = free_port()
        controller.start()
    settings = ["host=localhost", "from=algohook@example.com", "to=owner@example.com", "username=bot",
                "password=p4ssw0rd"]
    with Algohook(binary, "--outbound-roots", pem) as algohook:
        for mode, controller in (("starttls", starttls), ("tls", tls)):
            said = ours(algohook, "email", *settings, f"port={controller.port}", f"tls={mode}")
            assert "taken by aiosmtpd" in said, said
            session, envelope = mails.came[-1]
            assert session.auth_data is not None or session.authenticated, mode
            message = email.message_from_bytes(envelope.content, policy=email.policy.default)
            assert message["subject"] == TITLE, message["subject"]
            assert BODY in message.get_content(), message.get_content()
            assert envelope.rcpt_tos == ["owner@example.com"]
            print(f"aiosmtpd: a mail was taken over {mode}, with a login")
        wrong = [setting if "password" not in setting else "password=wrong" for setting in settings]
        try:
            ours(algohook, "email", *wrong, f"port={starttls.port}")
        except AssertionError as refused:
            assert "535" in str(refused), refused
        else:
            raise AssertionError("a wrong password was taken")
        print("aiosmtpd: a wrong password is told")
    with Algohook(binary) as algohook:
        try:
            ours(algohook, "email", *settings, f"port={starttls.port}")
        except AssertionError as refused:
            assert "certificate" in str(refused).lower() or "UnknownIssuer" in str(refused), refused
        else:
            raise AssertionError("a certificate that nobody trusts was trusted")
        print("aiosmtpd: nothing is sent to a certificate that nobody trusts")
    for controller in (starttls, tls):
        controller.stop()


def free_port():
    import socket
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return found.getsockname()[1]


with Algohook(sys.argv[1]) as algohook:
    http_channels(algohook)
mail(sys.argv[1])
