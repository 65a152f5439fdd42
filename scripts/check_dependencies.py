"""The part of cargo-deny that needs nothing but `cargo metadata`, on standard input:
licences, versions and sources as deny.toml has them."""

import json
import re
import sys


def read_rules(path):
    """The lists of deny.toml. Python 3.11 reads TOML; older ones get these two lists only."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    allow = re.search(r"^allow = \[(.*?)^\]", text, re.M | re.S).group(1)
    skip = re.search(r"^skip = \[(.*?)^\]", text, re.M | re.S).group(1)
    return (
        set(re.findall(r'"([^"]+)"', allow)),
        set(re.findall(r'name = "([^"]+)"', skip)),
    )


def is_allowed(licence, allowed):
    """Whether an SPDX expression can be satisfied; AND binds tighter than OR."""
    tokens = re.findall(r"\(|\)|[^\s()]+", licence.replace("/", " OR "))

    def either(position):
        value, position = both(position)
        while position < len(tokens) and tokens[position] == "OR":
            right, position = both(position + 1)
            value = value or right
        return value, position

    def both(position):
        value, position = one(position)
        while position < len(tokens) and tokens[position] == "AND":
            right, position = one(position + 1)
            value = value and right
        return value, position

    def one(position):
        if tokens[position] == "(":
            value, position = either(position + 1)
            return value, position + 1
        name, position = tokens[position], position + 1
        if position < len(tokens) and tokens[position] == "WITH":
            name, position = f"{name} WITH {tokens[position + 1]}", position + 2
        return name in allowed, position

    return either(0)[0]


def shipped(metadata):
    """The packages of the binary, without what only tests and benchmarks need."""
    nodes = {node["id"]: node for node in metadata["resolve"]["nodes"]}
    found, waiting = set(), [metadata["resolve"]["root"]]
    while waiting:
        package = waiting.pop()
        if package in found:
            continue
        found.add(package)
        for dependency in nodes[package]["deps"]:
            if any(kind["kind"] != "dev" for kind in dependency["dep_kinds"]):
                waiting.append(dependency["pkg"])
    return [package for package in metadata["packages"] if package["id"] in found]


def main():
    allowed, skipped = read_rules(sys.argv[1])
    metadata = json.load(sys.stdin)
    packages = shipped(metadata)
    faults = []
    versions = {}
    for package in packages:
        name = f"{package['name']} {package['version']}"
        versions.setdefault(package["name"], []).append(package["version"])
        if not is_allowed(package["license"] or "none", allowed):
            faults.append(f"{name}: licence {package['license']} is not in deny.toml")
        source = package["source"]
        if source and not source.startswith("registry+"):
            faults.append(f"{name}: comes from {source}")
    for name, found in sorted(versions.items()):
        if len(found) > 1 and name not in skipped:
            faults.append(f"{name}: {' and '.join(sorted(found))}; one of them, or a reason in deny.toml")
    for name in sorted(skipped - {name for name, found in versions.items() if len(found) > 1}):
        faults.append(f"{name}: has one version now; take it out of skip in deny.toml")
    if faults:
        sys.exit("\n".join(faults))
    print(f"dependencies: {len(packages)} packages, licences and versions as deny.toml says")


main()
