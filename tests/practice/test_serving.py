"""The site is served where it was asked for, says where, and ends when it is told to."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import threading

import httpx
import pytest
from tests.practice.conftest import BUNDLED

from glyphsmith.cli import main
from glyphsmith.errors import DataError
from glyphsmith.practice.serving import address, bind, running_site
from glyphsmith.practice.settings import PracticeSettings


def test_a_port_in_use_is_said_before_anything_is_painted(capsys):
    with bind("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        assert main(["practice", "--port", str(port)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert f"127.0.0.1:{port}: cannot listen there" in said.err
    assert "--port 0" in said.err


@pytest.mark.parametrize("host", ["203.0.113.1", "no such host", "", "::zz"])
def test_a_host_that_is_not_this_machine_is_refused(host):
    with pytest.raises(DataError, match="cannot listen there") as caught:
        bind(host, 0) if host else bind("256.256.256.256", 0)
    assert "--host" in (caught.value.hint or "")


def test_answers_come_at_once_and_not_after_the_acknowledgement():
    # Without TCP_NODELAY on the connections each answer waits 40 ms.
    with bind("127.0.0.1", 0) as bound:
        assert bound.proto == socket.IPPROTO_TCP
        assert address(bound).startswith("http://127.0.0.1:")


def test_two_sites_in_one_process_have_their_own_numbers_and_counts():
    def settings(seed):
        return PracticeSettings(seed=seed, sprites=BUNDLED)

    with running_site(settings(1)) as (one, _), running_site(settings(2)) as (two, _):
        numbers = [httpx.get(f"{url}/practice/numbers?page=1").json()["numbers"] for url in (one, two)]
        assert numbers[0] != numbers[1]
    assert not [thread for thread in threading.enumerate() if "serv" in thread.name.lower()]
    with pytest.raises(httpx.ConnectError):
        httpx.get(one)


@pytest.mark.parametrize(
    "words",
    [
        ["--level", "3"], ["--trouble", "2"], ["--trouble-kind", "fire"], ["--pages", "0"], ["--port", "70000"],
        ["--font-part", "half"], ["--fonts", "nowhere"], ["--seed", "-1"], ["--latency", "-1"], ["--illegible", "7"],
    ],
)  # fmt: skip
def test_impossible_settings_are_one_sentence(words, capsys):
    assert main(["practice", "--port", "0", *words]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ")
    assert "Traceback" not in said.err


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_first_line_is_the_address_and_a_signal_ends_it_as_interrupted(how):
    words = [sys.executable, "-m", "glyphsmith", "practice", "--port", "0", "--fonts", "bundled", "--pages", "5"]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        url = process.stdout.readline().strip()
        assert httpx.get(f"{url}/practice/stats", timeout=30).json()["pages"] == 5
        process.send_signal(how)
        out, err = process.communicate(timeout=30)
    finally:
        process.kill()
    assert (process.returncode, out) == (130, "")
    assert f"level 2: {url}/level/web/crawler-sprite-image-2?page=1 ... 5" in err
    assert err.endswith("interrupted\n")
