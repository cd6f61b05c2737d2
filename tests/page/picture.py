# SPDX-License-Identifier: Apache-2.0
"""Draws the picture of docs/page.md: picture.py COFFER PNG [dark], by tests/page/run --picture PNG."""

import sys
import tempfile
import time
from pathlib import Path

from server import Server
from webdriver import Browser

SDK = "azsdk-net-Security.KeyVault.Keys/4.7.0 (.NET 8.0.11; Debian 12)"
PAYROLL = "azsdk-python-keyvault-keys/4.10.0 Python/3.11.2"
DIGEST = "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"


def furnish(server):
    """Keys in several states, rules that have hit, and a service that noticed."""
    versions = [server.make_key("orders-cmk") for _ in range(3)]
    server.make_key("payroll-cmk", kty="RSA", key_size=2048)
    server.make_key("archive-2024", attributes={"exp": int(time.time()) + 30 * 86400})
    server.make_key("not-before-2030", attributes={"nbf": 1893456000})
    server.make_key("retired")
    server.ask_control(f"/control/v1/vaults/dev/keys/orders-cmk/versions/{versions[0]}",
                       {"enabled": False}, "PATCH")
    server.ask_control("/control/v1/vaults/dev/keys/retired", method="DELETE")
    server.ask_control("/control/v1/faults", {"rules": [
        {"id": "busy", "match": {"vault": "dev", "key": "orders-cmk", "operation": "sign"},
         "when": {"skip": 3, "times": 4}, "effect": {"status": 429, "retry_after": 5}},
        {"id": "lost", "match": {"vault": "dev", "key": "payroll-cmk", "operation": "getKey"},
         "when": {"every": 3}, "effect": {"cut": "reset", "carried_out": True}},
    ]})


def lose_and_find(server):
    """An hour of two services, one of which is deployed again: on a clock that is taken on."""
    version = server.make_key("health-cmk", kty="RSA", key_size=2048)
    server.ask_control("/control/v1/clock", {"frozen": True})
    for name, profile in (("clinic-fhir", "fhir"), ("clinic-labs", "dicom")):
        server.ask_control(f"/control/v1/consumers/{name}", {
            "profile": profile, "rules": "none", "identity": "health",
            "key": f"https://dev.vault.localhost/keys/health-cmk/{version}"}, "PUT")
    for span, enabled in (("PT5M", False), ("PT10M", True), ("PT15M", False), ("PT35M", True), ("PT10M", True)):
        server.ask_control("/control/v1/clock/advance", {"by": span})
        server.ask_control("/control/v1/vaults/dev/keys/health-cmk", {"enabled": enabled}, "PATCH")
    server.ask_control("/control/v1/consumers/clinic-fhir/redeploy", {})
    server.ask_control("/control/v1/clock/advance", {"by": "PT5M"})
    server.ask_control("/control/v1/clock", {"frozen": False})
    server.ask_control("/control/v1/requests", method="DELETE")


def work(server):
    """Most of a minute of a service's life."""
    sign = {"alg": "ES256", "value": DIGEST}
    for turn in range(20):
        server.ask_vault("/keys/orders-cmk/sign", sign, agent=SDK, identity="orders")
        try:
            server.ask_vault("/keys/payroll-cmk", agent=PAYROLL, identity="payroll")
        except OSError:
            pass  # the rule "lost" cuts some off
        if turn % 4 == 1:
            server.ask_vault("/keys", agent=SDK, identity=None)
            server.ask_vault("/keys/retired", agent=PAYROLL, identity="payroll")
        if turn == 13:
            server.ask_control("/control/v1/hsm/faults", {"kind": "token_removed"})
        if turn == 16:
            server.ask_control("/control/v1/hsm/faults?kind=token_removed", method="DELETE")
        time.sleep(2.5)
    server.ask_control("/control/v1/hsm/faults", {"id": "slow-signing", "kind": "slow", "delay": 200,
                                                  "functions": ["C_Sign"]})


def main(coffer, png, colours="light"):
    with tempfile.TemporaryDirectory(prefix="coffer-page.") as scratch:
        server = Server(coffer, f"{scratch}/data", "--vault", "dev", "--vault", "std",
                        "--identity", "orders", "--identity", "payroll", "--identity", "dev",
                        "--identity", "health")
        browser = Browser(scratch, size=(1320, 2180), dark=colours == "dark")
        try:
            furnish(server)
            lose_and_find(server)
            work(server)
            browser.go(f"{server.control}/")
            browser.expect("#timeline-summary", "requests")
            browser.find("#timeline-window").choose("minute")
            browser.button("orders-cmk").click()
            browser.button("clinic-fhir").click()
            browser.run("document.activeElement.blur()")
            time.sleep(3)
            Path(png).write_bytes(browser.picture())
        finally:
            browser.close()
            server.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])
