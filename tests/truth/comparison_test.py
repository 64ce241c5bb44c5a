#!/usr/bin/python3
"""The comparison holds for what is true and fails for what is not."""
import unittest

import comparison
from comparison import Window


def graph(stacks):
    """A flame graph as the server encodes it, of {(frames…): value}."""
    root = {"name": "total", "self": 0, "total": 0, "children": {}}
    for stack, value in stacks.items():
        node = root
        node["total"] += value
        for name in stack:
            node = node["children"].setdefault(name, {"name": name, "self": 0, "total": 0, "children": {}})
            node["total"] += value
        node["self"] += value
    names, levels = [], []

    def draw(node, level, start):
        if level == len(levels):
            levels.append([])
        if node["name"] not in names:
            names.append(node["name"])
        levels[level].append([start, node["total"], node["self"], names.index(node["name"])])
        begin = start + node["self"]
        for child in node["children"].values():
            draw(child, level + 1, begin)
            begin += child["total"]
    draw(root, 0, 0)
    encoded = []
    for row in levels:
        end, values = 0, []
        for start, width, self_, name in row:
            values += [str(v) for v in (start - end, width, self_, name)]
            end = start + width
        encoded.append({"values": values})
    return {"names": names, "levels": encoded, "total": str(root["total"])}


class Fold(unittest.TestCase):
    def test_function_has_what_it_calls(self):
        g = graph({("main", "price_basket", "spin"): 60, ("main", "price_basket"): 10, ("main", "print_receipt"): 30})
        self.assertEqual(comparison.time_below(g, "price_basket"), 70)
        self.assertEqual(comparison.self_time(g, "price_basket"), 10)
        self.assertEqual(comparison.time_below(g, "print_receipt"), 30)
        self.assertEqual(comparison.total_of(g), 100)

    def test_the_widest_frames(self):
        g = graph({("a", "leaf"): 4, ("b",): 2, ("c", "leaf"): 6})
        self.assertEqual(comparison.widest([g, g], 1), [("leaf", 20)])

    def test_recursion_counts_once(self):
        g = graph({("fib", "fib", "fib"): 5, ("fib", "fib"): 3, ("fib",): 1, ("other",): 1})
        self.assertEqual(comparison.time_below(g, "fib"), 9)

    def test_the_same_name_below_two_parents_counts_twice(self):
        g = graph({("a", "leaf"): 4, ("b",): 2, ("c", "x", "leaf"): 6})
        self.assertEqual(comparison.time_below(g, "leaf"), 10)
        self.assertEqual(comparison.time_below(g, "c"), 6)

    def test_gaps_in_a_level_do_not_move_its_bars(self):
        g = graph({("a",): 7, ("b", "leaf"): 2, ("c",): 3, ("d", "leaf"): 4})
        parents = {(bar[3], comparison.bars(g)[bar[4]][3]) for bar in comparison.bars(g) if bar[3] == "leaf"}
        self.assertEqual(parents, {("leaf", "b"), ("leaf", "d")})

    def test_languages_spell_names_differently(self):
        for frame in ("price_basket", "priceBasket", "main.priceBasket", "Work.priceBasket", "work.js:priceBasket:12"):
            self.assertTrue(comparison.names(frame, "price_basket"), frame)
        for frame in ("reprice_basket2", "priceBasketOf", "basket"):
            self.assertFalse(comparison.names(frame, "price_basket"), frame)


class Truth(unittest.TestCase):
    LINE = [(100.0, {"total": 0.0, "a": 0.0}), (110.0, {"total": 5.0, "a": 4.0}), (120.0, {"total": 5.0, "a": 4.0})]

    def test_a_window_between_entries(self):
        self.assertEqual(comparison.spent_within([self.LINE], Window(105, 115)), {"total": 2.5, "a": 2.0})

    def test_a_window_beyond_the_entries(self):
        self.assertEqual(comparison.spent_within([self.LINE], Window(90, 200)), {"total": 5.0, "a": 4.0})

    def test_a_process_that_begins_within_the_window_counts_whole(self):
        child = [(106.0, {"total": 0.5}), (108.0, {"total": 1.5})]
        self.assertEqual(comparison.spent_within([self.LINE, child], Window(105, 110))["total"], 2.5 + 1.5)

    def test_a_name_that_appears_later(self):
        line = [(100.0, {"total": 0.0}), (110.0, {"total": 1.0, "late": 1.0})]
        self.assertEqual(comparison.spent_within([line], Window(105, 110))["late"], 0.5)

    def test_each_process_counts_for_its_own_uploads(self):
        lines = {1: self.LINE, 2: [(100.0, {"total": 0.0}), (110.0, {"total": 2.0})]}
        stored = [(Window(100, 105), 1), (Window(105, 110), 2)]
        self.assertEqual(comparison.spent_by_uploads(lines, stored)["total"], 2.5 + 1.0)
        self.assertEqual(comparison.spent_by_uploads(lines, stored[:1])["total"], 2.5 + 1.0, "the silent one counts, too")
        self.assertEqual(comparison.spent_by_uploads(lines, [(Window(100, 110), 0)])["total"], 5.0 + 2.0)
        self.assertEqual(comparison.spent_by_uploads(lines, stored, [(Window(104, 105), 1)])["total"], 2.0 + 1.0)

    def test_a_range_has_the_stamp_of_one_upload(self):
        for width in (0, 15):  # a state has no duration
            windows = [Window(15 * n, 15 * n + width) for n in range(5)]
            found = comparison.range_of_one(windows)
            for stamps in ([w.start for w in windows], [w.end for w in windows]):
                self.assertEqual(sum(found.start <= stamp <= found.end for stamp in stamps), 1, (width, found))

    def test_a_window_without_length_covers_an_interval(self):
        self.assertEqual(comparison.stretched(Window(30, 30), 15), Window(15, 30))
        self.assertEqual(comparison.stretched(Window(20, 30), 15), Window(20, 30))

    def test_lost_uploads_leave_parts(self):
        windows = [Window(0, 15), Window(45, 60)]
        self.assertEqual(comparison.without(windows, [Window(15, 30)]), [Window(0, 15), Window(30, 60)])
        self.assertEqual(comparison.without(windows, []), [Window(0, 60)])
        self.assertEqual(comparison.without([], []), [])


class Verdict(unittest.TestCase):
    def test_share_within_three_points(self):
        self.assertTrue(comparison.share("a", 70, 100, 72.9, 100).holds)
        self.assertFalse(comparison.share("a", 70, 100, 73.2, 100).holds)
        self.assertFalse(comparison.share("a", 70, 100, 0, 0).holds)

    def test_total_within_five_per_cent_both_ways(self):
        self.assertTrue(comparison.total("cpu", 10, 10.4).holds)
        self.assertFalse(comparison.total("cpu", 10, 10.6).holds)
        self.assertFalse(comparison.total("cpu", 10, 9.4).holds)
        self.assertTrue(comparison.total("cpu", 10, 9.1, comparison.TOTAL_PERCENT_STRAINED).holds)

    def test_a_total_of_nothing(self):
        self.assertFalse(comparison.total("cpu", 10, 0).holds)
        self.assertFalse(comparison.total("cpu", 0, 1).holds)
        self.assertTrue(comparison.total("cpu", 0, 0).holds)

    def test_a_fraction_arrives(self):
        self.assertTrue(comparison.at_least("cpu", 10, 7.1, .7).holds)
        self.assertFalse(comparison.at_least("cpu", 10, 6.9, .7).holds)
        self.assertTrue(comparison.at_least("cpu", 10, 12, .7).holds, "too much is another finding's subject")

    def test_stored_twice(self):
        once = [("cpu", Window(0, 15), 1), ("cpu", Window(15, 30), 1), ("wall", Window(0, 15), 1), ("cpu", Window(0, 15), 2)]
        self.assertTrue(comparison.stored_once(once).holds)
        self.assertFalse(comparison.stored_once(once + once[:1]).holds)


if __name__ == "__main__":
    unittest.main()
