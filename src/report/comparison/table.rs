//! A comparison as a person reads it in a terminal, verdict first, below 80 columns.

use super::words::{
    Names, change, figure, headline, interval, label, open_question, p_value, runs, runs_of_sides, word,
};
use crate::report::terminal::words::wrap;
use crate::results::{ComparedPoint, Comparison, LonePoint};

/// Width of the labels on the left.
const LABEL: usize = 13;

/// Where what is said of a point begins.
const INDENT: usize = 4;

/// The whole text.
pub fn comparison_table(comparison: &Comparison) -> String {
    let names = Names::of(comparison);
    let (base, new) = runs_of_sides(comparison);
    let options = &comparison.options;
    let mut text = wrap("", 2, &headline(comparison)) + "\n";
    text += &fact("base", &format!("{}, {}", options.base, runs(base)));
    text += &fact("new", &format!("{}, {}", options.new, runs(new)));
    if !names.everywhere.is_empty() {
        text += &fact("everywhere", &names.everywhere);
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
    let title =
        format!("{}, and how its median changed; below it, the metrics that decide nothing:", options.metric);
    text += &("\n".to_owned() + &wrap("  ", 2, &title));
    let confidence = format!("{:.0}% interval", 100.0 * comparison.method.confidence);
    text += &line(["runs", "base", "new", "change", &confidence, "p", "verdict"]);
    for point in &comparison.points {
        text += &of_point(&names, point);
    }
    text
}

fn fact(label: &str, fact: &str) -> String {
    wrap(&format!("  {label:<width$}", width = LABEL - 2), LABEL, fact)
}

fn lone(label: &str, names: &Names, points: &[LonePoint]) -> String {
    points.iter().map(|point| fact(label, &names.lone(point))).collect()
}

fn of_point(names: &Names, point: &ComparedPoint) -> String {
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
        word(point.verdict),
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
        insta::assert_snapshot!(comparison_table(&example::compared()));
    }

    #[test]
    fn one_point_needs_no_name() {
        insta::assert_snapshot!(comparison_table(&example::compared_alone()));
    }

    #[test]
    fn nothing_in_common_is_told() {
        insta::assert_snapshot!(comparison_table(&example::compared_apart()));
    }

    #[test]
    fn no_line_is_wider_than_a_small_terminal() {
        for comparison in [example::compared(), example::compared_alone(), example::compared_apart()] {
            let text = comparison_table(&comparison);
            assert!(text.lines().all(|line| line.chars().count() <= WIDTH), "{text}");
        }
    }
}
