#!/usr/bin/python3
"""A run is good when every cell holds or is listed, and no listed cell holds."""
import pathlib
import unittest

import known
import report
from cell import Cell
from comparison import share, total
from known import Known
from perform import Outcome

CELL = Cell("python", "shares", ("price_basket",))
LISTED = ({CELL.name: Known("the cause")}, {})
SOMETIMES = ({CELL.name: Known("the cause", sometimes=True)}, {})
NONE = ({}, {})
DOCS = pathlib.Path(__file__).resolve().parents[2] / "docs"


def outcome(seen=70, error=""):
    return Outcome(CELL, [share("price_basket", 70, 100, seen, 100), total("total cpu", 10, 10)], error)


class Verdict(unittest.TestCase):
    def test_a_cell_that_is_not_listed(self):
        self.assertEqual(report.verdict(outcome(), NONE), "holds")
        self.assertEqual(report.verdict(outcome(80), NONE), "fails")
        self.assertEqual(report.verdict(outcome(error="no profile was stored"), NONE), "fails")

    def test_a_listed_cell_that_holds_fails_the_run(self):
        self.assertEqual(report.verdict(outcome(80), LISTED), "known")
        self.assertEqual(report.verdict(outcome(), LISTED), "stale")
        self.assertTrue(report.good([outcome(80)], LISTED))
        self.assertFalse(report.good([outcome()], LISTED))
        self.assertIn("remove it", report.summary([outcome()], 1, LISTED))

    def test_a_cell_that_sometimes_holds(self):
        self.assertTrue(report.good([outcome()], SOMETIMES) and report.good([outcome(80)], SOMETIMES))

    def test_no_cell_is_no_success(self):
        self.assertFalse(report.good([], NONE))

    def test_the_tables_name_cells(self):
        import cells
        names = [cell.name for cell in cells.every()]
        self.assertEqual(len(names), len(set(names)), "a name occurs twice")
        for table in (known.KNOWN, known.UPSTREAM):
            self.assertEqual(set(table) - set(names), set())
        self.assertEqual(set(cells.SMOKE) - set(names), set())
        self.assertFalse(set(known.KNOWN) & set(known.UPSTREAM))

    def test_an_entry_does_not_outlive_its_proof(self):
        for name, listed in known.KNOWN.items():
            proof = known.KNOWN.get(listed.proof)
            self.assertTrue(not listed.sometimes or proof and proof.cause == listed.cause and not proof.sometimes, name)

    def test_users_read_what_cannot_hold(self):
        self.assertLessEqual(len(known.UPSTREAM), known.MOST_UPSTREAM)
        for name, listed in known.UPSTREAM.items():
            text = " ".join((DOCS / listed.document).read_text().split())
            self.assertIn(listed.sentence, text, f"{listed.document} does not say it of {name}")


class Words(unittest.TestCase):
    def test_the_last_line(self):
        text = report.summary([outcome(72), outcome(80)], 60, NONE).splitlines()
        self.assertEqual(text[-1], "truth: 1 of 2 cells hold; worst share 2.0 points, worst total 0.0 %")

    def test_a_failure_has_expected_seen_and_difference(self):
        self.assertIn("expected 70.00, seen 80.00, difference 10.0 points (at most 3)", report.line(outcome(80), 1, 2, NONE))


if __name__ == "__main__":
    unittest.main()
