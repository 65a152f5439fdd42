"""Signatures are verified by the library of Standard Webhooks, PickMyTrade's messages by its own validator."""

import json
import os
import subprocess
import sys
from pathlib import Path

from pickmytrade_validation.validator import validate_and_describe_alert_json
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from outbound_server import Algohook, Receiver


def signatures(algohook):
    receiver = Receiver()
    add = ["forward", "add", algohook.webhook["id"], receiver.url, "--signed", "--json"]
    forward = algohook.json(*add)
    algohook.alert()
    _, headers, body = receiver.wait(1)[0]
    Webhook(forward["secret"]).verify(body, headers)
    by_node(forward["secret"], headers, body)
    changed = algohook.json("forward", "change", forward["id"], "--rotate-secret", "--json")
    algohook.alert(qty=3)
    _, headers, body = receiver.wait(2)[1]
    for secret in (forward["secret"], changed["secret"]):
        Webhook(secret).verify(body, headers)
    try:
        Webhook(changed["secret"]).verify(body + b" ", headers)
    except WebhookVerificationError:
        pass
    else:
        raise AssertionError("a changed body was taken for signed")
    algohook.run("forward", "remove", forward["id"])
    print("standardwebhooks: 3 signatures verified, 1 changed body refused")


def by_node(secret, headers, body):
    """The same by the library of npm, which has to refuse a changed body as well."""
    folder = os.environ.get("STANDARDWEBHOOKS_NODE")
    if folder is None:
        return print("standardwebhooks of npm: skipped, there is no npm here")
    script = Path(__file__).with_name("standardwebhooks.mjs")
    headers = {name.lower(): value for name, value in headers.items()}

    def verifies(text):
        said = json.dumps({"secret": secret, "headers": headers, "body": text})
        return subprocess.run(["node", script, folder], input=said, text=True, capture_output=True)

    done = verifies(body.decode())
    assert done.returncode == 0, done.stderr
    assert verifies(body.decode() + " ").returncode != 0, "a changed body was taken for signed"
    print("standardwebhooks of npm: 1 signature verified, 1 changed body refused")


def pickmytrade(algohook):
    receiver = Receiver()
    forward = algohook.json(
        "forward", "add", algohook.webhook["id"], receiver.url, "--format", "pickmytrade", "--set", "token=t0k3n",
        "--set", "platform=TRADOVATE", "--set", "instType=FUT", "--json")
    alerts = [
        ({}, "BUY"),
        ({"orderType": "limit", "limitPrice": 21400, "profitTarget": 21600, "stopLossTarget": 21300}, "BUY"),
        ({"positionDirection": "exitLong", "qty": 1}, "SELL"),
        ({"positionDirection": "exitLong", "qty": None}, "CLOSE"),
        ({"positionDirection": "entryShort", "orderType": "stop", "stopPrice": 21000}, "SELL"),
    ]
    for number, (fields, side) in enumerate(alerts, 1):
        algohook.alert(**fields)
        message = json.loads(receiver.wait(number)[-1][2])
        said = validate_and_describe_alert_json(message, allow_placeholders=False)
        assert not said["error"], f"{message}: {said}"
        assert message["data"].upper() == side, f"{message}: {side}"
    algohook.run("forward", "remove", forward["id"])
    print(f"pickmytrade-validation: {len(alerts)} messages are valid")


with Algohook(sys.argv[1]) as algohook:
    signatures(algohook)
    pickmytrade(algohook)
