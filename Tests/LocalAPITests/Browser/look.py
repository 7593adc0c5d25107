#!/usr/bin/env python3
"""Looks at the status page with a real Chromium, over its debugging pipe, and says as JSON lines what it saw.

Usage: look.py URL FOLDER. After the first line it waits for a line on stdin, then for the page to have refreshed
itself; after the second line once more, until the page says that nobody answers. Screenshots go to FOLDER."""
import base64
import json
import os
import subprocess
import sys
import tempfile
import time

url, folder = sys.argv[1:]
to_browser, from_us = os.pipe()
from_browser, to_us = os.pipe()


def place_pipes():
    # Chromium reads commands from 3 and answers on 4.
    command, answer = os.dup(to_browser), os.dup(to_us)
    os.dup2(command, 3)
    os.dup2(answer, 4)


profile = tempfile.TemporaryDirectory()
browser = subprocess.Popen(
    ["chromium", "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
     "--disable-background-networking", "--disable-component-update", "--hide-scrollbars",
     "--remote-debugging-pipe", f"--user-data-dir={profile.name}"],
    preexec_fn=place_pipes, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
os.close(to_browser)
os.close(to_us)

number, rest, console = 0, b"", []


def receive():
    global rest
    while b"\0" not in rest:
        part = os.read(from_browser, 1 << 20)
        if not part:
            sys.exit("chromium has ended")
        rest += part
    message, rest = rest.split(b"\0", 1)
    message = json.loads(message)
    if message.get("method") == "Runtime.consoleAPICalled":
        console.append([argument.get("value") for argument in message["params"]["args"]])
    if message.get("method") == "Runtime.exceptionThrown":
        console.append(message["params"]["exceptionDetails"]["text"])
    if message.get("method") == "Log.entryAdded":
        console.append(message["params"]["entry"]["text"])
    return message


def call(method, session=None, **parameters):
    global number
    number += 1
    mine = number
    message = {"id": mine, "method": method, "params": parameters}
    if session:
        message["sessionId"] = session
    os.write(from_us, json.dumps(message).encode() + b"\0")
    while True:
        answer = receive()
        if answer.get("id") == mine:
            if "error" in answer:
                sys.exit(f"{method}: {answer['error']}")
            return answer["result"]


def open_page(address):
    target = call("Target.createTarget", url="about:blank")["targetId"]
    session = call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
    for domain in ["Page", "Runtime", "Log", "Accessibility"]:
        call(f"{domain}.enable", session)
    call("Page.navigate", session, url=address)
    return session


def evaluate(session, expression):
    return call("Runtime.evaluate", session, expression=expression, returnByValue=True)["result"].get("value")


def wait(session, expression, patience=30):
    deadline = time.monotonic() + patience
    while not evaluate(session, expression):
        if time.monotonic() > deadline:
            sys.exit(f"waited in vain for {expression}")
        time.sleep(0.05)


def key(session, name, code, text=None):
    for kind in ["keyDown", "keyUp"]:
        parameters = {"type": kind, "key": name, "code": name, "windowsVirtualKeyCode": code}
        if text and kind == "keyDown":
            parameters["text"] = text
        call("Input.dispatchKeyEvent", session, **parameters)


def tree(session):
    nodes = call("Accessibility.getFullAXTree", session)["nodes"]
    seen = []
    for node in nodes:
        if node.get("ignored"):
            continue
        properties = {item["name"]: item["value"].get("value") for item in node.get("properties", [])}
        seen.append({
            "role": node.get("role", {}).get("value"), "name": node.get("name", {}).get("value"),
            "text": properties.get("valuetext"), "level": properties.get("level")})
    return seen


def tell(**seen):
    print(json.dumps(seen), flush=True)


STATES = "Object.fromEntries([...document.querySelectorAll('.card')].map(c => [c.dataset.name, c.innerText]))"
try:
    # Whether complaints are heard at all.
    open_page("data:text/html,<meta http-equiv=Content-Security-Policy content=\"script-src 'none'\"><script>1</script>")
    deadline = time.monotonic() + 20
    while not console and time.monotonic() < deadline:
        receive()
    hears_complaints = bool(console)
    console.clear()

    page = open_page(url)
    wait(page, "document.body && document.body.dataset.ready === 'yes'")
    layouts = []
    for scheme in ["light", "dark"]:
        call("Emulation.setEmulatedMedia", page, features=[{"name": "prefers-color-scheme", "value": scheme}])
        for width in [360, 768, 1280, 1920]:
            call("Emulation.setDeviceMetricsOverride", page, width=width, height=900, deviceScaleFactor=1, mobile=False)
            layouts.append({
                "scheme": scheme, "width": width,
                "needs": evaluate(page, "document.documentElement.scrollWidth"),
                "ground": evaluate(page, "getComputedStyle(document.body).backgroundColor"),
                "text": evaluate(page, "getComputedStyle(document.body).color"),
                "state_colours": evaluate(
                    page, "[...document.querySelectorAll('.state')].map(e => getComputedStyle(e).color)"),
                "card": evaluate(page, "getComputedStyle(document.querySelector('.card')).backgroundColor")})
            shot = call("Page.captureScreenshot", page, format="png", captureBeyondViewport=False)
            with open(os.path.join(folder, f"{scheme}-{width}.png"), "wb") as file:
                file.write(base64.b64decode(shot["data"]))
    evaluate(page, "document.activeElement.blur()")
    key(page, "Tab", 9)
    focused = evaluate(page, "document.activeElement.tagName")
    key(page, "Enter", 13, "\r")
    opened = evaluate(page, "document.activeElement.closest('details')?.open === true")
    focus_outline = evaluate(page, "getComputedStyle(document.activeElement).outlineStyle")
    tell(hears_complaints=hears_complaints, console=console, layouts=layouts, focused=focused, opened=opened,
         outline=focus_outline, cards=evaluate(page, STATES), verdict=evaluate(page, "document.getElementById('verdict').innerText"),
         title=evaluate(page, "document.title"), tree=tree(page),
         bars=evaluate(page, "Object.fromEntries([...document.querySelectorAll('.card')].filter(c => c.querySelector('.left')).map(c => [c.dataset.name, c.querySelector('.left').style.width]))"))

    sys.stdin.readline()
    wait(page, "document.querySelector('.card[data-state=renewing]') !== null")
    tell(console=console, cards=evaluate(page, STATES), open=evaluate(page, "document.querySelectorAll('details[open]').length"),
         focused=evaluate(page, "document.activeElement.tagName"))

    sys.stdin.readline()
    wait(page, "!document.getElementById('alarm').hidden")
    tell(alarm=evaluate(page, "document.getElementById('alarm').innerText"))
finally:
    browser.kill()
    browser.wait()
    profile.cleanup()
