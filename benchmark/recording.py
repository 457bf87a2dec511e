#!/usr/bin/env python3
"""Records what a command shows on a terminal, and draws that as an SVG that plays it again, at the speed it had:
recording.py FILE COMMAND... It needs tmux, which is the terminal."""

import argparse
import os
import re
import shlex
import subprocess
import sys
import time
from pathlib import Path
from xml.sax.saxutils import escape

COLUMNS, ROWS = 80, 30
# How often the terminal is looked at, and how long the last picture stays before all begins again.
LOOKS_PER_SECOND = 8
LAST_SECONDS = 12
TIMEOUT_SECONDS = 120
# Pixels, for a font whose letters are 0.6 of its size wide.
FONT, LINE, LETTER, EDGE = 13, 17, 7.8, 12
COLOURS = {30: "#555", 31: "#ff7b72", 32: "#7ee787", 33: "#e3b341", 34: "#79c0ff", 35: "#d2a8ff", 36: "#76e3ea", 37: "#fff"}
PAPER, INK = "#161b22", "#d5dbe2"


def styled(screen):
    """What tmux shows of a screen: for each line the (text, bold, colour) of each stretch. A style holds until the
    next, beyond the end of its line."""
    lines, bold, colour = [], False, None
    for line in screen.rstrip().splitlines():
        text, *rest = re.split(r"\x1b\[([0-9;]*)m", line.rstrip())
        found = [(text, bold, colour)]
        for codes, text in zip(rest[::2], rest[1::2]):
            for code in map(int, codes.replace(";", " ").split() or [0]):
                if code == 0:
                    bold, colour = False, None
                elif code in (1, 22):
                    bold = code == 1
                elif code == 39:
                    colour = None
                else:
                    colour = COLOURS.get(code - 60 if code >= 90 else code, colour)
            found.append((text, bold, colour))
        lines.append([stretch for stretch in found if stretch[0]])
    return lines


def drawn(stretches, row):
    """A line as an element of SVG; nothing for an empty one."""
    parts = []
    for text, bold, colour in stretches:
        style = (' font-weight="bold"' if bold else "") + (f' fill="{colour}"' if colour else "")
        parts.append(f"<tspan{style}>{escape(text)}</tspan>" if style else escape(text))
    if not parts:
        return ""
    return f'<text x="{EDGE}" y="{EDGE + (row + 1) * LINE - 4}" xml:space="preserve">{"".join(parts)}</text>\n'


def svg(frames, title):
    """The recording, out of (second, what the terminal showed then): one after another, the last one for longer. Who
    does not play it, shows the last one."""
    whole = frames[-1][0] + LAST_SECONDS
    rows = max(len(styled(screen)) for _, screen in frames)
    width, height = round(COLUMNS * LETTER + 2 * EDGE), rows * LINE + 2 * EDGE
    style, pictures = [], []
    for number, (at, screen) in enumerate(frames):
        lines = "".join(drawn(stretches, row) for row, stretches in enumerate(styled(screen)))
        pictures.append(f'<g id="f{number}">\n{lines}</g>\n')
        begin = at / whole * 100
        last = number == len(frames) - 1
        ending = "" if last else f"{frames[number + 1][0] / whole * 100:.3f}%{{visibility:hidden}}"
        first = "" if begin == 0 else "0%{visibility:hidden}"
        style.append(f"@keyframes k{number}{{{first}{begin:.3f}%{{visibility:visible}}{ending}}}"
                     f"#f{number}{{visibility:{'visible' if last else 'hidden'};animation:k{number} {whole:.2f}s step-end infinite}}")
    return (f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
            f'role="img">\n<title>{escape(title)}</title>\n<style>\ntext{{font:{FONT}px ui-monospace,SFMono-Regular,Menlo,'
            f'"DejaVu Sans Mono",monospace;fill:{INK}}}\n' + "\n".join(style) + f'\n</style>\n'
            f'<rect width="100%" height="100%" rx="6" fill="{PAPER}"/>\n{"".join(pictures)}</svg>\n')


def record(command):
    """Runs a command on a terminal of its own; returns (second, what it showed) for each look that saw something new."""
    socket, typed = f"recording-{os.getpid()}", shlex.join([Path(command[0]).name, *command[1:]])
    # It begins when everything is there, and its end can be told from without.
    script = f"printf '$ %s\\n' {shlex.quote(typed)}; {shlex.join(command)}; tmux -L {socket} wait-for -S over; sleep 60"
    tmux = ["tmux", "-L", socket, "-f", os.devnull]
    subprocess.run([*tmux, "new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS), "sh", "-c", script], check=True)
    try:
        over = subprocess.Popen([*tmux, "wait-for", "over"])
        frames, started = [], time.monotonic()
        while True:
            ended = over.poll() is not None
            at = time.monotonic() - started
            text = subprocess.run([*tmux, "capture-pane", "-e", "-p"], check=True, capture_output=True, text=True).stdout
            if text.strip() and (not frames or frames[-1][1] != text):
                frames.append((at if frames else 0.0, text))
            if ended:
                return frames
            if at > TIMEOUT_SECONDS:
                over.kill()
                sys.exit(f"recording.py: no end after {TIMEOUT_SECONDS} s")
            time.sleep(1 / LOOKS_PER_SECOND)
    finally:
        subprocess.run([*tmux, "kill-server"], check=False)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("file", type=Path)
    options.add_argument("command", nargs=argparse.REMAINDER)
    arguments = options.parse_args()
    frames = record(arguments.command)
    arguments.file.write_text(svg(frames, shlex.join([Path(arguments.command[0]).name, *arguments.command[1:]])), encoding="utf-8")


if __name__ == "__main__":
    main()
