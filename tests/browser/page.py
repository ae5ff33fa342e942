#!/usr/bin/env python3
"""The page in a real browser, against a running program: what a person does there, with the keyboard where it matters.

    page.py --url http://127.0.0.1:8787 --token TOKEN --process web --count 2 --output target/tests-run/browser

It logs in, sees a scale arrive without reloading (it orders at least that count by the API), pauses with a reason by the
keyboard alone, reads why, filters the ledger and switches the range. Pictures at 1280 and 390 pixels, light and dark, are
saved; axe-core must find nothing serious; no request may leave the origin, and the console must stay empty. Prints figures,
and ends with 0 when all was so. Chromium and chromedriver are Debian's.
"""

import argparse
import base64
import importlib.util
import json
import os
import pathlib
import shutil
import sys
import time
import urllib.request
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

WAIT = 30  # seconds for one thing to come true; a bound, not an expectation
REASON = "the database is being migrated"
LOOKS = [("1280-light", 1280, 900, "light"), ("1280-dark", 1280, 900, "dark"),
         ("390-light", 390, 844, "light"), ("390-dark", 390, 844, "dark")]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--url", required=True)
    parser.add_argument("--token", required=True)
    parser.add_argument("--process", required=True, help="the process type that is scaled and paused")
    parser.add_argument("--count", type=int, required=True, help="a count above its present one, within its bounds")
    parser.add_argument("--output", required=True, type=pathlib.Path)
    arguments = parser.parse_args()
    arguments.output.mkdir(parents=True, exist_ok=True)
    page = Page(arguments)
    try:
        page.check()
    except BaseException:
        page.save("failure")
        print(json.dumps(page.browser.get_log("browser"), indent=1), file=sys.stderr)
        raise
    finally:
        page.browser.quit()


class Page:
    def __init__(self, arguments):
        self.url = arguments.url.rstrip("/")
        self.token = arguments.token
        self.process = arguments.process
        self.count = arguments.count
        self.output = arguments.output
        self.browser = start()

    def check(self):
        self.log_in()
        self.first_paint()
        self.live_scale()
        self.pause_with_a_reason()
        self.read_why()
        self.filter_the_ledger()
        self.switch_the_range()
        for look in LOOKS:
            self.look_at(*look)
        self.resume()
        self.nothing_went_elsewhere()
        self.nothing_on_the_console()
        print("all is well")

    # --- what a person does -----------------------------------------------------------------------------------------

    def log_in(self):
        self.browser.get(self.url + "/")
        self.until("the login", lambda: self.find("input[name=token]"))
        self.accessible("login")
        self.type("input[name=token]", "not the token" + Keys.ENTER)
        self.until("a word about the wrong token", lambda: self.find("[role=alert]").text)
        self.type("input[name=token]", self.token + Keys.ENTER)
        self.until("the process's card", lambda: self.card("h3").text == self.process)
        self.until("the words that it is live", lambda: self.find("#connection-words").text == "Live")
        self.scroll_to_the_chart()
        self.until("the chart", lambda: self.card(".chart svg"))
        print("logged in")

    def live_scale(self):
        self.browser.execute_script("window.notReloaded = true")
        before = self.card(".count").text
        self.api("POST", "/api/v1/orders", {"process": self.process, "kind": "override", "min": self.count,
                                            "for": "1h", "because": "the browser test", "owner": "test"})
        self.until("the new count", lambda: self.card(".count").text == str(self.count))
        # The page tells those who do not see it, too.
        self.until("the words about it", lambda: self.find("#said").get_attribute("textContent").startswith(self.process))
        self.until("the scale in the ledger", lambda: self.finds("#records td.outcome.scaled"))
        assert self.browser.execute_script("return window.notReloaded") is True, "the page was loaded anew"
        print(f"a scale from {before} to {self.count} appeared without reloading")

    def pause_with_a_reason(self):
        # By the keyboard alone, from the button on.
        self.browser.execute_script("arguments[0].focus()", self.card("[data-act=pause]"))
        self.press(Keys.ENTER)
        self.until("the dialog", lambda: self.find("#order").get_attribute("open"))
        for _ in range(12):
            name = self.browser.execute_script("return document.activeElement.name")
            if name == "because":
                break
            self.press(Keys.TAB)
        else:
            raise AssertionError("the reason cannot be reached with the tabulator")
        self.press(REASON, Keys.TAB, "ann")
        self.accessible("dialog")
        self.save("dialog")
        self.press(Keys.ENTER)
        self.until("the dialog's end", lambda: not self.find("#order").get_attribute("open"))
        print("paused by the keyboard")

    def read_why(self):
        self.until("the pause and its reason", lambda: REASON in self.card(".orders").text)
        self.until("a reason of the last decision", lambda: len(self.card(".decided .what").text) > 10)
        summary = self.find("#records summary")
        self.browser.execute_script("arguments[0].focus()", summary)
        self.press(Keys.ENTER)
        self.until("what is behind a decision", lambda: "cycle" in self.find("#records details[open]").text)
        print("why:", self.card(".decided .what").text.replace("\n", " / "))

    def filter_the_ledger(self):
        Select(self.find("#filter [name=process]")).select_by_visible_text(self.process)
        Select(self.find("#filter [name=outcome]")).select_by_visible_text("scaled")
        self.until("scales of the process alone", lambda: self.rows() and all(
            row[1] == self.process and row[3].startswith("scaled") for row in self.rows()))
        self.type("#filter [name=q]", "nobody ever wrote this")
        self.until("an empty ledger, said in words", lambda: not self.rows() and self.find("#no-records").is_displayed())
        self.find("#filter [name=q]").clear()
        Select(self.find("#filter [name=outcome]")).select_by_index(0)
        Select(self.find("#filter [name=process]")).select_by_index(0)
        self.type("#filter [name=q]", " ")
        self.until("the whole ledger", self.rows)
        print("filtered the ledger")

    def switch_the_range(self):
        self.scroll_to_the_chart()
        for chosen in ["24h", "7d", "1h"]:
            radio = self.find(f".ranges input[value='{chosen}']")
            self.browser.execute_script("arguments[0].click()", radio)
            self.until(f"the chart over {chosen}", lambda: self.card(f".chart svg[data-range='{chosen}']"))
        title = self.card(".chart svg title").get_attribute("textContent")
        assert self.process in title, title
        print("switched the range:", title)

    def resume(self):
        self.browser.execute_script("arguments[0].focus()", self.card("[data-act=resume]"))
        self.press(Keys.ENTER)
        self.until("the dialog", lambda: self.find("#order").get_attribute("open"))
        self.browser.execute_script("arguments[0].focus()", self.find("#order button[type=submit]"))
        self.press(Keys.ENTER)
        self.until("the end of the orders", lambda: not self.card(".orders").text)
        print("resumed")

    # --- what must be so --------------------------------------------------------------------------------------------

    def look_at(self, name, width, height, scheme):
        self.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [
            {"name": "prefers-color-scheme", "value": scheme}]})
        # As high as the page, so that all charts are in sight, and are drawn.
        self.size(width, self.browser.execute_script("return document.scrollingElement.scrollHeight") + 400)
        self.until("charts that fit", lambda: all(
            abs(chart.size["width"] - chart.find_element(By.TAG_NAME, "svg").size["width"]) < 3
            for chart in self.finds(".chart")))
        wide = self.browser.execute_script("return document.scrollingElement.scrollWidth")
        assert wide <= width, f"{name}: the page is {wide} pixels wide"
        self.accessible(name)
        self.save(f"{name}-whole")
        self.size(width, height)
        self.browser.execute_script("scrollTo(0, 0)")
        self.save(name)

    def size(self, width, height):
        self.browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600})

    def accessible(self, name):
        if not self.browser.execute_script("return Boolean(window.axe)"):
            self.browser.execute_script(axe())
        found = self.browser.execute_async_script(
            "const done = arguments[0]; axe.run(document, {resultTypes: ['violations']}).then(done, (error) => done(String(error)))")
        assert isinstance(found, dict), found
        faults = [f"{fault['impact']}: {fault['id']}: {node['html'][:160]} ({node['failureSummary'][:300]})"
                  for fault in found["violations"] for node in fault["nodes"]]
        serious = [fault for fault in faults if fault.split(":")[0] in ("serious", "critical")]
        assert not serious, f"{name}: " + "\n".join(serious)
        print(f"axe-core {found['testEngine']['version']}: {name}: nothing serious, {len(faults)} lesser", *faults, sep="\n  ")

    def first_paint(self):
        # Loaded anew, as somebody does who is logged in; from no cache.
        self.browser.execute_cdp_cmd("Network.setCacheDisabled", {"cacheDisabled": True})
        self.browser.refresh()
        self.scroll_to_the_chart()
        self.until("the chart", lambda: self.card(".chart svg"))
        paint, loaded, assets = self.browser.execute_script("""
            const of = (kind) => performance.getEntriesByType(kind);
            const paint = of("paint").map((entry) => [entry.name, Math.round(entry.startTime)]);
            const files = of("navigation").concat(of("resource"));
            const sum = (entries) => entries.reduce((sum, entry) => sum + entry.encodedBodySize, 0);
            return [paint, sum(files), sum(files.filter((entry) => !entry.name.includes("/api/")))]""")
        for name, milliseconds in paint:
            print(f"{name}: {milliseconds} ms")
        print(f"page: {assets} bytes; with what it shows: {loaded} bytes")

    def nothing_went_elsewhere(self):
        origin, asked = urlsplit(self.url), set()
        for entry in self.browser.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                asked.add(message["params"]["request"]["url"])
        away = [url for url in asked if urlsplit(url)[:2] != origin[:2] and not url.startswith(("data:", "chrome"))]
        assert len(asked) > 10 and not away, f"asked elsewhere: {away}"
        print(f"{len(asked)} addresses were asked for, all of {origin.netloc}")

    def nothing_on_the_console(self):
        # That a wrong token was refused is what was wanted.
        said = [entry["message"] for entry in self.browser.get_log("browser") if "/login" not in entry["message"]]
        assert not said, said

    # --- tools --------------------------------------------------------------------------------------------------------

    def until(self, what, test):
        def holds(_):
            try:
                return test()
            except Exception:  # not there yet, or replaced meanwhile
                return False
        return WebDriverWait(self.browser, WAIT, 0.1).until(holds, f"waited in vain for {what}")

    def find(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def finds(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def card(self, selector):
        return self.find(f"#process-{self.process} {selector}")

    def scroll_to_the_chart(self):
        # A chart is drawn when it is in sight.
        self.until("the card", lambda: self.card("h3").text == self.process)
        self.browser.execute_script("arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", self.card(".chart"))

    def rows(self):
        return self.browser.execute_script(
            "return [...document.querySelectorAll('#records tr')].map((row) => [...row.cells].map((cell) => cell.textContent))")

    def type(self, selector, keys):
        field = self.find(selector)
        field.clear()
        field.send_keys(keys)

    def press(self, *keys):
        webdriver.ActionChains(self.browser).send_keys(*keys).perform()

    def save(self, name):
        picture = self.browser.execute_cdp_cmd("Page.captureScreenshot", {})
        (self.output / f"{name}.png").write_bytes(base64.b64decode(picture["data"]))

    def api(self, method, path, body):
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        request = urllib.request.Request(self.url + path, json.dumps(body).encode(), headers, method=method)
        with urllib.request.urlopen(request, timeout=WAIT) as answer:
            return json.load(answer)


def start():
    os.environ["SE_OFFLINE"] = "true"  # nothing is fetched: both programs are installed
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or sys.exit("there is no chromium: install Debian's chromium")
    for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,900",
                     "--disable-background-networking", "--disable-component-update", "--no-first-run", "--disable-sync",
                     "--disable-extensions", "--hide-scrollbars"]:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    driver = shutil.which("chromedriver") or sys.exit("there is no chromedriver: install Debian's chromium-driver")
    return webdriver.Chrome(options=options, service=Service(driver))


def axe():
    # The package is wanted for the script within alone; its own code drives another kind of browser.
    package = importlib.util.find_spec("axe_playwright_python")
    return (pathlib.Path(package.submodule_search_locations[0]) / "axe.min.js").read_text()


if __name__ == "__main__":
    main()
