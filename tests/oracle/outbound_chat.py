"""Commands by chat, judged by python-telegram-bot: it writes the updates that algohook reads, and asks and answers as
algohook does."""

import asyncio
import contextlib
import http.server
import json
import sys
import threading
import time
import urllib.parse
from datetime import datetime, timezone

from telegram import Bot, Chat, LinkPreviewOptions, Message, Update, User

from outbound_server import PATIENCE, Algohook

TOKEN = "123456789:AAaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
CHAT, USER = 1001, 7


class BotApi:
    """The Bot API: holds a request for updates back while there is none, and keeps what it was asked."""

    def __init__(self):
        self.asked, self.updates, self.changed = [], [], threading.Condition()
        api = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                result = api.answer(self.path.rsplit("/", 1)[1], fields(body))
                said = json.dumps({"ok": True, "result": result}).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(said)))
                self.end_headers()
                # Who stops does not wait for what is held back.
                with contextlib.suppress(ConnectionError):
                    self.wfile.write(said)

            def log_message(self, *_):
                pass

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{server.server_port}"
        threading.Thread(target=server.serve_forever, daemon=True).start()

    def answer(self, method, asked):
        with self.changed:
            self.asked.append((method, asked))
            self.changed.notify_all()
            if method == "getMe":
                return {"id": 123456789, "is_bot": True, "first_name": "Bot", "username": "a_bot"}
            if method == "sendMessage":
                return message(1, asked["text"]).to_dict()
            self.updates = [one for one in self.updates if one["update_id"] >= int(asked.get("offset", 0))]
            self.changed.wait_for(lambda: self.updates, timeout=min(int(asked["timeout"]), 5))
            return self.updates

    def send(self, number, text):
        with self.changed:
            self.updates.append(Update(number, message=message(number, text)).to_dict())
            self.changed.notify_all()

    def wait(self, method, is_such=lambda _: True):
        """The newest request of a method, once there is such a one."""
        until = time.monotonic() + PATIENCE
        while True:
            such = [asked for name, asked in self.asked if name == method and is_such(asked)]
            if such:
                return such[-1]
            assert time.monotonic() < until, f"{method} was waited for: {self.asked}"
            time.sleep(0.02)


def message(number, text):
    user = User(USER, "Ann", False, username="ann")
    return Message(number, datetime.now(timezone.utc), Chat(CHAT, "private"), from_user=user, text=text)


def fields(body):
    """The fields of a request, which is JSON, or a form whose structures are JSON."""
    try:
        return json.loads(body)
    except json.JSONDecodeError:
        form = dict(urllib.parse.parse_qsl(body.decode()))
        return {name: value if name == "text" else loose(value) for name, value in form.items()}


def loose(value):
    try:
        return json.loads(value)
    except json.JSONDecodeError:
        return value


async def theirs(api, offset, text):
    """The same two requests by python-telegram-bot."""
    async with Bot(TOKEN, base_url=f"{api.url}/bot") as bot:
        read = await bot.get_updates(offset=offset, limit=20, timeout=25, allowed_updates=["message"], read_timeout=PATIENCE)
        await bot.send_message(CHAT, text, parse_mode="HTML", link_preview_options=LinkPreviewOptions(is_disabled=True))
        return read


def main(binary):
    api = BotApi()
    with Algohook(binary) as algohook:
        channel = algohook.json("channel", "add", "Phone", "--kind", "telegram", "--set", f"token={TOKEN}",
                                "--set", f"chat={CHAT}", "--set", f"url={api.url}", "--json")
        code = algohook.json("channel", "commands", channel["id"], "--json")["send"]
        api.send(10, code)
        api.wait("sendMessage", lambda asked: "Your commands are taken" in asked["text"])
        api.send(11, "/status")
        answer = api.wait("sendMessage", lambda asked: "Strategy: active" in asked["text"])
        polled = api.wait("getUpdates", lambda asked: asked.get("offset") == 12)
        print("python-telegram-bot: 2 updates that it wrote were acted on")
    api.send(12, "/halt")
    read = asyncio.run(theirs(api, 12, answer["text"]))
    assert [update.message.text for update in read] == ["/halt"], read
    assert api.wait("getUpdates") == polled, f"{api.wait('getUpdates')} and {polled}"
    mine = {**answer, "chat_id": int(answer["chat_id"])}
    assert api.wait("sendMessage") == mine, f"{api.wait('sendMessage')} and {mine}"
    print("python-telegram-bot: it asks for updates and answers by the same requests")


main(sys.argv[1])
