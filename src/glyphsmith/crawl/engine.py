"""Scrapy, as far as it is used: one engine that sends requests politely, and one story that awaits the answers.

Scrapy brings the connections, cookies, robots.txt, AutoThrottle and size limits. Retries and redirects are our own
(``visitor``), because each has to be accounted for. A process can run one story, since Twisted's reactor starts once.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

from glyphsmith.crawl.pace import MOST_ASKED_S, Pace
from glyphsmith.crawl.page import MAX_PAGE_BYTES
from glyphsmith.errors import SiteError

__all__ = ["Download", "run_story", "user_agent"]

T = TypeVar("T")

#: What robots.txt calls it.
ROBOT = "glyphsmith"

#: Sends a scrapy Request and gives its Response.
Download = Callable[[Any], Awaitable[Any]]


def user_agent() -> str:
    """Say who asks, and what for."""
    from glyphsmith.version import __version__

    return f"glyphsmith/{__version__} (+reads sprite digits of puzzle pages; obeys robots.txt)"


def settings_for(pace: Pace) -> dict[str, Any]:
    """Give Scrapy's settings for a pace."""
    throttled = not pace.fast and pace.rate is None
    delay = 0.0 if pace.fast else (1.0 / pace.rate if pace.rate else pace.delay_s)
    return {
        "USER_AGENT": user_agent(),
        "ROBOTSTXT_OBEY": True,
        "ROBOTSTXT_USER_AGENT": ROBOT,
        "AUTOTHROTTLE_ENABLED": throttled,
        "AUTOTHROTTLE_START_DELAY": pace.delay_s,
        "AUTOTHROTTLE_MAX_DELAY": 60.0,
        "AUTOTHROTTLE_TARGET_CONCURRENCY": 1.0,
        # The least delay of AutoThrottle as well; half of it, so that a site that answers at once may be asked sooner.
        "DOWNLOAD_DELAY": delay / 2 if throttled else delay,
        "RANDOMIZE_DOWNLOAD_DELAY": throttled,
        "CONCURRENT_REQUESTS": pace.under_way,
        "CONCURRENT_REQUESTS_PER_DOMAIN": pace.under_way,
        "DOWNLOAD_TIMEOUT": pace.timeout_s,
        "DNS_TIMEOUT": min(10.0, pace.timeout_s),
        "DOWNLOAD_MAXSIZE": MAX_PAGE_BYTES,
        "DOWNLOAD_WARNSIZE": 0,
        "DOWNLOAD_FAIL_ON_DATALOSS": True,
        # Scrapy's default is not to look; a password is sent.
        "DOWNLOAD_VERIFY_CERTIFICATES": True,
        "RETRY_ENABLED": False,
        "REDIRECT_ENABLED": False,
        "METAREFRESH_ENABLED": False,
        "TELNETCONSOLE_ENABLED": False,
        "LOG_ENABLED": False,
        "LOG_INSTALL_ROOT_HANDLER": False,
        "MEMUSAGE_ENABLED": False,
    }


def run_story(story: Callable[[Download], Awaitable[T]], pace: Pace) -> T:
    """Start Scrapy, await ``story`` with the function that sends requests, and give what it returns or raise its error.

    Raises SiteError where this process has already run one.
    """
    import scrapy
    from scrapy import signals
    from scrapy.crawler import CrawlerProcess
    from twisted.internet.error import ReactorNotRestartable
    from twisted.logger import STDLibLogObserver, globalLogBeginner

    ended: list[T] = []
    failed: list[BaseException] = []

    class Spider(scrapy.Spider):
        name = "glyphsmith"

        async def start(self) -> AsyncIterator[Any]:
            if not pace.fast:
                self.crawler.signals.connect(self.heed, signal=signals.robots_parsed)
            try:
                ended.append(await story(self.crawler.engine.download_async))
            except BaseException as error:  # noqa: BLE001 - raised again below, outside the reactor
                failed.append(error)
            return
            yield

        def heed(self, robotparser: Any) -> None:
            _slow_down(self.crawler, robotparser.crawl_delay(ROBOT) or 0.0)

    process = CrawlerProcess(settings_for(pace))
    # Scrapy sets its own logging up when it starts; what matters of it is said in our words.
    for name in ("scrapy", "twisted", "protego"):
        logger = logging.getLogger(name)
        logger.handlers = [logging.NullHandler()]
        logger.propagate = False
    # Until it is begun, Twisted's own log prints what goes wrong itself: a traceback for each bad certificate.
    observer: Any = STDLibLogObserver("twisted")
    globalLogBeginner.beginLoggingTo([observer], redirectStandardIO=False, discardBuffer=True)
    process.crawl(Spider)
    try:
        with _ended_by_signals() as ending:
            process.start(install_signal_handlers=False)
    except ReactorNotRestartable:
        raise SiteError("a process can crawl once", hint="start another process") from None
    if ending:
        from twisted.internet import reactor

        # Left alone, the threads that look host names up would keep the process from ending.
        reactor.getThreadPool().stop()
        raise KeyboardInterrupt
    if failed:
        raise failed[0]
    if not ended:
        raise SiteError("Scrapy ended before the crawl did")
    return ended[0]


def _slow_down(crawler: Any, asked_s: float) -> None:
    """Wait at least that long between two requests, as the site's robots.txt asks: ``Crawl-delay``."""
    from scrapy.extensions.throttle import AutoThrottle

    least = min(asked_s, MOST_ASKED_S)
    for throttle in crawler.extensions.middlewares:
        if isinstance(throttle, AutoThrottle):
            throttle.mindelay, throttle.maxdelay = max(throttle.mindelay, least), max(throttle.maxdelay, least)
    for slot in crawler.engine.downloader.slots.values():
        slot.delay = max(slot.delay, least)
        if least:
            slot.jitter = 0.0


@contextmanager
def _ended_by_signals() -> Iterator[list[int]]:
    """Let Ctrl-C and SIGTERM end the reactor at once; gives the list that the signals which came are put into.

    What is under way is asked again when the job goes on. An interrupt that is raised inside the reactor, as Python
    does by itself, is now and then caught by Twisted as a failure of some callback, and the crawl goes on.
    """
    came: list[int] = []
    if threading.current_thread() is not threading.main_thread():
        yield came
        return

    def caught(number: int, _frame: FrameType | None) -> None:
        from twisted.internet import reactor

        came.append(number)
        reactor.callFromThread(reactor.crash)  # type: ignore[misc]  # Twisted's stub takes it for a method

    before = {number: signal.signal(number, caught) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield came
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
