#!/usr/bin/env python3
"""The memory that the server takes for four large files at once.

For each kind of file a server of its own is started. It gets four files of 32 MB at the same
moment, first as previews, then as imports. What it held at most and what it holds a second
after the last answer is printed, beside what it held before.

    benches/import_memory.py [--binary target/release/algohook] [--megabytes 31.5] [--kinds ...]

Needs Python 3.9 or newer, and Linux.
"""

import argparse
import http.client
import io
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import threading
import time
import zipfile

BEGIN = 1_700_000_000
MOST_ROWS = 199_000


def stamp(second, form="%Y-%m-%dT%H:%M:%SZ"):
    return time.strftime(form, time.gmtime(second))


def lines(size, line, header=""):
    """As many lines as a file may have, made by the number of each."""
    made, length = [header] if header else [], len(header)
    for row in range(MOST_ROWS):
        text = line(row)
        if length + len(text) > size:
            break
        made.append(text)
        length += len(text)
    return "".join(made).encode()


def alert(row, fill):
    return {"ticker": "AAPL", "action": "sell" if row % 2 else "buy", "qty": 1,
            "marketPrice": 100 + row % 7, "x": fill}


def json_lines(size, key):
    fill = "y" * 60
    return lines(size, lambda row: json.dumps(
        {"time": stamp(BEGIN + row * 30), "payload": alert(row, fill)}) + "\n")


def alert_log(size, key):
    fill = "y" * 20

    def line(row):
        message = json.dumps({"auth_key": key, **alert(row, fill)}).replace('"', '""')
        return f'{row},"NASDAQ:AAPL","My alert","{message}",{stamp(BEGIN + row * 30)}\n'

    return lines(size, line, "Alert ID,Ticker,Name,Description,Time\n")


def trade(row):
    number, is_exit = row // 2 + 1, row % 2
    price, profit = 100 + row % 7, (row * 7 % 200) - 100
    return [number, "Exit long" if is_exit else "Entry long",
            stamp(BEGIN + row * 60, "%Y-%m-%d %H:%M"), f"Signal of the strategy {row % 50}", price,
            1, price, f"{profit}.25", "1.5", "12.25", "0.15", "-4.5", "-0.05", number * 3, "0.3"]


TITLES = ["Trade number", "Type", "Date and time", "Signal", "Price USD", "Size (qty)",
          "Size (value)", "Net PnL USD", "Net PnL %", "Favorable excursion USD",
          "Favorable excursion %", "Adverse excursion USD", "Adverse excursion %",
          "Cumulative PnL USD", "Cumulative PnL %"]


def trades(size, key):
    def line(row):
        cells = trade(row)
        cells[3] += ", with a comment"
        return ",".join(f'"{cell}"' if row_has_comma(cell) else str(cell) for cell in cells) + "\n"

    return lines(size, line, ",".join(TITLES) + "\n")


def row_has_comma(cell):
    return "," in str(cell)


def spreadsheet(size, key):
    """A list of trades whose rows all have texts of their own, 199,000 at most."""
    def cell(value):
        if isinstance(value, int):
            return f"<c><v>{value}</v></c>"
        return f'<c t="inlineStr"><is><t>{value}</t></is></c>'

    def xml_row(number, cells):
        return f'<row r="{number}">' + "".join(
            cell(value).replace("<c", f'<c r="{chr(65 + place)}{number}"', 1)
            for place, value in enumerate(cells)) + "</row>"

    space = "http://schemas.openxmlformats.org/"
    main, office = space + "spreadsheetml/2006/main", space + "officeDocument/2006/relationships"
    kind = f"{office}/worksheet"
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("[Content_Types].xml", "<Types/>")
        archive.writestr("_rels/.rels",
                         f'<Relationships xmlns="{space}package/2006/relationships"><Relationship '
                         f'Id="rId1" Type="{office}/officeDocument" Target="xl/workbook.xml"/>'
                         '</Relationships>')
        archive.writestr("xl/workbook.xml", f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
                         '<sheet name="List of trades" sheetId="1" r:id="rId1"/></sheets></workbook>')
        archive.writestr("xl/_rels/workbook.xml.rels",
                         f'<Relationships xmlns="{space}package/2006/relationships"><Relationship '
                         f'Id="rId1" Type="{kind}" Target="worksheets/sheet1.xml"/></Relationships>')
        with archive.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(f'<worksheet xmlns="{main}"><sheetData>'.encode())
            sheet.write(xml_row(1, TITLES).encode())
            for row in range(min(MOST_ROWS, int(size / 160))):
                cells = trade(row)
                cells[3] = f"{cells[3]}, row {row}"
                sheet.write(xml_row(row + 2, cells).encode())
            sheet.write(b"</sheetData></worksheet>")
    return made.getvalue()


def fills(size, key):
    def line(row):
        side = "sell" if row % 2 else "buy"
        return (f"{stamp(BEGIN + row * 30)},AAPL,{side},1,{100 + row % 7}.25,0.35,USD,"
                f"6d1f2f9a-4d3c-4c64-9d07-{row // 2:012},20260105143001250::d1a3b0a2-9a44-4b8e-{row:016}\n")

    return lines(size, line, "time,symbol,side,qty,price,fee,feeCurrency,orderId,fillId\n")


def fills_as_json(size, key):
    def line(row):
        return ("," if row else "[") + json.dumps({
            "activity_type": "FILL", "id": f"2026010514300::{row:08}",
            "transaction_time": stamp(BEGIN + row * 30), "symbol": "AAPL",
            "side": "sell" if row % 2 else "buy", "qty": "1", "price": f"{100 + row % 7}.25",
            "order_id": f"o-{row // 2}"}) + "\n"

    return lines(size - 1, line) + b"]"


KINDS = {
    "alerts, JSON lines": (json_lines, "alerts"),
    "alerts, log": (alert_log, "alerts"),
    "trades, CSV": (trades, "trades"),
    "trades, XLSX": (spreadsheet, "trades"),
    "fills, CSV": (fills, "fills"),
    "fills, JSON": (fills_as_json, "fills"),
}


class Server:
    def __init__(self, binary, folder):
        self.command = [str(binary), "--data-dir", folder]
        self.webhook = self.made("webhook", "create", "Imports", "--json")
        self.token = self.made("token", "create", "imports", "--scope", "write", "--json")["token"]
        self.process = subprocess.Popen(
            [*self.command, "serve", "--listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.port = int(self.process.stdout.readline().rsplit(":", 1)[1].strip().rstrip("/"))

    def made(self, *arguments):
        done = subprocess.run([*self.command, *arguments], check=True, capture_output=True, text=True)
        return json.loads(done.stdout)

    def memory(self, name):
        with open(f"/proc/{self.process.pid}/status", encoding="utf-8") as status:
            return next(int(line.split()[1]) / 1024 for line in status if line.startswith(name))

    def send(self, file, kind, dry_run, answers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=1800)
        query = f"webhook={self.webhook['id']}&kind={kind}&dryRun={str(dry_run).lower()}&ticker=AAPL"
        connection.request("POST", f"/api/v1/imports?{query}", file,
                           {"Authorization": f"Bearer {self.token}"})
        answer = connection.getresponse()
        text = answer.read().decode()
        answers.append((answer.status, "" if answer.status == 200 else text[:200]))

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(60)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--binary", default="target/release/algohook", type=pathlib.Path)
    parser.add_argument("--megabytes", default=31.5, type=float)
    parser.add_argument("--kinds", default=",".join(map(str, range(len(KINDS)))))
    options = parser.parse_args()
    chosen = [list(KINDS)[int(number)] for number in options.kinds.split(",")]
    print(f"{'':22} {'file':>6} {'before':>7} {'previews':>9} {'imports':>8} {'after':>6}  MiB; seconds; answers")
    for name in chosen:
        make, kind = KINDS[name]
        with tempfile.TemporaryDirectory() as folder:
            server = Server(options.binary, os.path.join(folder, "data"))
            try:
                file = make(int(options.megabytes * 1e6), server.webhook["authKey"])
                before, most, answers, begun = server.memory("VmHWM"), [], [], time.time()
                for dry_run in (True, False):
                    senders = [threading.Thread(target=server.send, args=(file, kind, dry_run, answers))
                               for _ in range(4)]
                    for sender in senders:
                        sender.start()
                    for sender in senders:
                        sender.join()
                    most.append(server.memory("VmHWM"))
                seconds = time.time() - begun
                time.sleep(1)
                print(f"{name:22} {len(file) / 2**20:6.1f} {before:7.1f} {most[0]:9.1f} {most[1]:8.1f} "
                      f"{server.memory('VmRSS'):6.1f}  {seconds:.0f} s; {sorted(set(answers))}", flush=True)
            finally:
                server.stop()


if __name__ == "__main__":
    main()
