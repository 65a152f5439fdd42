"""PickMyTrade's own validator on the messages that algohook reads as its format.

    pip install pickmytrade-validation==0.1.0 && python3 tests/oracle/pickmytrade.py

What algohook makes an order of, the validator must accept and describe with the same side and
quantity. What it refuses for want of a size, the validator must refuse as well.
"""

import json
import pathlib
import re
import sys

from pickmytrade_validation.validator import validate_and_describe_alert_json as validate

FIXTURES = pathlib.Path(__file__).parents[1] / "fixtures" / "formats" / "pickmytrade.json"
SIDES = {"entryLong": "BUY", "buy": "BUY", "entryShort": "SELL", "sell": "SELL", "exit": "CLOSE"}


def described(message):
    """The validator's answer to a message, its price as the number that it is.

    The broker is one that takes every kind of order: which ones a broker takes is not what the
    message means.
    """
    message["platform"] = "TRADOVATE"
    if isinstance(message.get("price"), str):
        message["price"] = float(message["price"])
    return validate(message, allow_placeholders=False)


def fault_of(example):
    answer = described(json.loads(example["message"]))
    is_valid = not answer.get("error")
    order = example.get("order")
    if order is None:
        # Sizes by risk, and options without their terms, are theirs to trade.
        is_ours = example["error"] in ("risk_percentage", "inst_type")
        return None if is_ours or not is_valid else "refused here, and valid there"
    if not is_valid:
        return f"an order here, and refused there: {answer['description']}"
    side, size = order.split()[:2]
    text = answer["description"]
    if SIDES[side] == "CLOSE":
        return None if re.search(r"clos", text, re.IGNORECASE) else f"no exit there: {text}"
    if f" {SIDES[side]} " not in text:
        return f"{side} here, and there: {text}"
    if size != "money" and not re.search(rf"\b{re.escape(size)}(\.0)?\b", text):
        return f"a size of {size} here, and there: {text}"
    return None


def main():
    examples = json.loads(FIXTURES.read_text())["examples"]
    faults = [(example["message"], fault) for example in examples if (fault := fault_of(example))]
    for message, fault in faults:
        print(f"{fault}\n  {message}")
    print(f"{len(examples)} messages, {len(faults)} read otherwise")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
