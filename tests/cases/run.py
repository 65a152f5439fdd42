#!/usr/bin/env python3
"""Small faults that algohook once had, each with the right value. Needs python3 and a built binary.

    tests/cases/run.py [NAME ...]

`numbers/NAME/case.json` has inputs and figures; `reports.py` has a function for each other case.
ALGOHOOK names the binary; without it the debug build is used.
"""

import sys
import traceback

import numbers_cases
import reports


def main(wanted):
    cases = {**numbers_cases.all_cases(), **reports.all_cases()}
    unknown = [name for name in wanted if name not in cases]
    if unknown:
        print("no such case:", *unknown, file=sys.stderr)
        return 2
    passed = failed = skipped = 0
    for name in wanted or cases:
        try:
            cases[name]()
        except reports.Skipped as reason:
            skipped += 1
            print(f"skipped: case {name}: {reason}")
        except Exception:
            failed += 1
            print(f"FAILED {name}")
            traceback.print_exc()
        else:
            passed += 1
            print(f"ok     {name}")
    print(f"cases: {passed} passed, {failed} failed, {skipped} skipped")
    return 0 if passed and not failed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
