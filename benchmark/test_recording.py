"""Tests of recording.py that need no terminal: python3 -m unittest discover benchmark"""

import sys
import unittest
import xml.etree.ElementTree as ElementTree
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import recording

SVG = "{http://www.w3.org/2000/svg}"


class Styles(unittest.TestCase):
    def test_hold_until_the_next_beyond_the_end_of_a_line(self):
        green = recording.COLOURS[32]
        self.assertEqual(recording.styled("a \x1b[1;32mexact\x1b[0m: all  \n\n\x1b[32mb\nc\x1b[39m d\n\n"), [
            [("a ", False, None), ("exact", True, green), (": all", False, None)], [],
            [("b", False, green)], [("c", False, green), (" d", False, None)]])

    def test_bright_colours_are_those_and_an_empty_code_ends_them(self):
        self.assertEqual(recording.styled("\x1b[96mx\x1b[my"), [[("x", False, recording.COLOURS[36]), ("y", False, None)]])


class Drawing(unittest.TestCase):
    FRAMES = [(0.0, "$ run"), (1.0, "$ run\n50% <a & b>"), (3.0, "$ run\n\x1b[32mdone\x1b[0m")]

    def test_shows_one_picture_at_a_time_and_the_last_where_nothing_moves(self):
        root = ElementTree.fromstring(recording.svg(self.FRAMES, "a <title>"))
        pictures = root.findall(f"{SVG}g")
        self.assertEqual(["".join(picture.itertext()).split("\n") for picture in pictures],
                         [["", "$ run", ""], ["", "$ run", "50% <a & b>", ""], ["", "$ run", "done", ""]])
        style = root.find(f"{SVG}style").text
        self.assertEqual(style.count("visibility:hidden;animation"), 2)
        self.assertIn("#f2{visibility:visible;animation:k2 15.00s", style)
        # The second is there from 1 s to 3 s, of 15.
        self.assertIn("@keyframes k1{0%{visibility:hidden}6.667%{visibility:visible}20.000%{visibility:hidden}}", style)

    def test_is_as_high_as_the_longest_picture(self):
        root = ElementTree.fromstring(recording.svg(self.FRAMES, "a"))
        self.assertEqual(root.get("height"), str(2 * recording.LINE + 2 * recording.EDGE))


if __name__ == "__main__":
    unittest.main()
