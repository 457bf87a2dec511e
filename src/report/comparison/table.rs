//! A comparison as a person reads it in a terminal, verdict first, below 80 columns.

use super::words::{
    Names, change, course, figure, headline, interval, interval_heading, label, open_question, p_value, runs,
    runs_of_sides, word,
};
use crate::report::terminal::Screen;
use crate::report::terminal::words::wrap;
use crate::report::{OutputError, print};
use crate::results::{ComparedPoint, Comparison, ComparisonVerdict, LonePoint};

/// Width of the labels on the left.
const LABEL: usize = 13;

/// Where what is said of a point begins.
const INDENT: usize = 4;

/// Writes a comparison to stdout as a person reads it, in colour if that is a terminal.
///
/// # Errors
/// [`OutputError::Unwritten`] if stdout does not take it.
pub fn print_table(comparison: &Comparison) -> Result<(), OutputError> {
    print(&comparison_table(comparison, Screen::stdout().colour))
}

/// The whole text; with `colour`, the verdicts are coloured for a terminal.
pub fn comparison_table(comparison: &Comparison, colour: bool) -> String {
    let names = Names::of(comparison);
    let (base, new) = runs_of_sides(comparison);
    let options = &comparison.options;
    // Painted after wrapping, because paint has no width.
    let plain = wrap("", 2, &headline(comparison)) + "\n";
    let mut text = plain.replacen(word(comparison.verdict), &painted(comparison.verdict, colour), 1);
    text += &fact("base", &format!("{}, {}", options.base, runs(base)));
    text += &fact("new", &format!("{}, {}", options.new, runs(new)));
    if !names.everywhere.is_empty() {
        text += &fact("everywhere", &names.everywhere);
    }
    if let Some(live) = &comparison.live {
        text += &fact("live", &course(live));
    }
    if !options.despite.is_empty() {
        text += &fact("despite", &options.despite.join(", "));
    }
    for warning in &comparison.warnings {
        text += &fact("note", warning);
    }
    text += &lone("only base", &names, &comparison.only_base);
    text += &lone("only new", &names, &comparison.only_new);
    if comparison.points.is_empty() {
        return text;
    }
    let what =
        if comparison.options.paired { "how it changed within the pairs" } else { "how its median changed" };
    let title = format!("{}, and {what}; below it, the metrics that decide nothing:", options.metric);
    text += &("\n".to_owned() + &wrap("  ", 2, &title));
    let confidence = interval_heading(comparison);
    text += &line(["runs", "base", "new", "change", &confidence, "p", "verdict"]);
    for point in &comparison.points {
        text += &of_point(&names, point, colour);
    }
    text
}

fn fact(label: &str, fact: &str) -> String {
    wrap(&format!("  {label:<width$}", width = LABEL - 2), LABEL, fact)
}

fn lone(label: &str, names: &Names, points: &[LonePoint]) -> String {
    points.iter().map(|point| fact(label, &names.lone(point))).collect()
}

fn of_point(names: &Names, point: &ComparedPoint, colour: bool) -> String {
    let name = names.name(&point.parameters);
    let mut text = if name.is_empty() { String::new() } else { wrap("  ", INDENT, &name) };
    let (decisive, others) = (&point.metrics[0], &point.metrics[1..]);
    text += &line([
        &format!("{}+{}", point.base_runs, point.new_runs),
        &figure(decisive, decisive.base_median),
        &figure(decisive, decisive.new_median),
        &change(decisive),
        &interval(decisive),
        &p_value(point.p_value_corrected),
        &painted(point.verdict, colour),
    ]);
    if let Some(question) = open_question(point) {
        text += &wrap("    ", INDENT, &question);
    }
    let known = others.iter().filter(|one| one.change_percent.is_some());
    let told: Vec<_> = known.map(|one| format!("{} {}", label(one), change(one))).collect();
    if !told.is_empty() {
        text += &wrap("    ", INDENT, &told.join(", "));
    }
    text
}

fn painted(verdict: ComparisonVerdict, colour: bool) -> String {
    let paint = match verdict {
        ComparisonVerdict::NoChange => 32,
        ComparisonVerdict::Better => 36,
        ComparisonVerdict::Regression => 31,
        ComparisonVerdict::Inconclusive => 33,
    };
    let word = word(verdict);
    if colour { format!("\x1b[1;{paint}m{word}\x1b[0m") } else { word.into() }
}

fn line(cells: [&str; 7]) -> String {
    let [runs, base, new, change, interval, p, verdict] = cells;
    format!("  {runs:>5}  {base:>9}  {new:>9}  {change:>7}  {interval:>16}  {p:>6}  {verdict}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::terminal::words::WIDTH;
    use crate::results::example;

    #[test]
    fn each_verdict_is_told() {
        insta::assert_snapshot!(comparison_table(&example::compared(), false));
    }

    #[test]
    fn one_point_needs_no_name() {
        insta::assert_snapshot!(comparison_table(&example::compared_alone(), false));
    }

    #[test]
    fn nothing_in_common_is_told() {
        insta::assert_snapshot!(comparison_table(&example::compared_apart(), false));
    }

    #[test]
    fn a_live_comparison_tells_how_it_went() {
        insta::assert_snapshot!(comparison_table(&example::compared_live(), false));
    }

    #[test]
    fn colour_is_all_that_it_adds() {
        for comparison in [example::compared(), example::compared_apart(), example::compared_live()] {
            let mut text = comparison_table(&comparison, true);
            assert!(text.starts_with("\x1b[1;3"), "{text:?}");
            assert_eq!(text.matches("\x1b[1;").count(), 1 + comparison.points.len());
            for paint in ["\x1b[1;31m", "\x1b[1;32m", "\x1b[1;33m", "\x1b[1;36m", "\x1b[0m"] {
                text = text.replace(paint, "");
            }
            assert_eq!(text, comparison_table(&comparison, false));
        }
    }

    #[test]
    fn no_line_is_wider_than_a_small_terminal() {
        let live = example::compared_live();
        for comparison in [example::compared(), example::compared_alone(), example::compared_apart(), live] {
            let text = comparison_table(&comparison, false);
            assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        }
    }
}
