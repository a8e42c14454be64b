"""How fluid a large statement is: `python -m tests.pages.scrolling` scrolls it in Chromium.

30 years and 150 lines are scrolled down and sideways by the wheel. It prints how long the longest
task of the page took, which is how long it may stand still, and the time between frames.
"""

from typing import Final

from tests.bench.api.wide import ROWS, YEARS, wide_company
from tests.helpers.api_server import api_server
from tests.helpers.chromium import chromium, make_context
from tests.pages.screenshots import migrated

STEPS: Final = 60
_OBSERVE = """
window.tasks = [];
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) tasks.push([each.startTime, each.duration]);
}).observe({type: "longtask", buffered: true});
window.frames_ = [];
const frame = (now) => { frames_.push(now); requestAnimationFrame(frame); };
requestAnimationFrame(frame);
"""
_FRAMES = "frames_.slice(1).map((now, number) => now - frames_[number]).sort((a, b) => a - b)"


def main() -> None:
    """Print what scrolling costs."""
    with (
        migrated() as place,
        wide_company(place.database) as company,
        api_server(place.database, place.folder) as server,
        chromium() as browser,
    ):
        context, _ = make_context(browser, f"http://127.0.0.1:{server.port}")
        page = context.new_page()
        page.add_init_script(_OBSERVE)
        page.goto(f"/companies/{company}/balance-sheet?years=all", wait_until="networkidle")
        loading = page.evaluate("Math.max(0, ...tasks.map((each) => each[1]))")
        page.evaluate("() => { tasks.length = 0; frames_.length = 0; }")
        page.mouse.move(800, 600)
        for across, down in ((0, 120), (120, 0), (-60, -60)):
            for _ in range(STEPS):
                page.mouse.wheel(across, down)
                page.wait_for_timeout(16)
        tasks = page.evaluate("tasks.map((each) => each[1])")
        between = page.evaluate(_FRAMES)
        context.close()
    print(f"{YEARS} years, {ROWS} lines: longest task when loading {loading:.0f} ms")  # noqa: T201
    print(  # noqa: T201
        f"{3 * STEPS} turns of the wheel: {len(tasks)} tasks of more than 50 ms, the longest "
        f"{max(tasks, default=0):.0f} ms; between frames {between[len(between) // 2]:.0f} ms, "
        f"in 99 of 100 at most {between[len(between) * 99 // 100]:.0f} ms"
    )


if __name__ == "__main__":
    main()
