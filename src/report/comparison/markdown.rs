//! A comparison for a pull request, in GitHub's Markdown.

use super::words::{
    Names, change, course, figure, headline, interval, interval_heading, label, open_question, p_value, runs,
    runs_of_sides, word,
};
use crate::results::{ComparedPoint, Comparison};

/// The whole text.
pub fn comparison_markdown(comparison: &Comparison) -> String {
    let names = Names::of(comparison);
    let (base, new) = runs_of_sides(comparison);
    let options = &comparison.options;
    let mut text = format!("### fillbench: {}\n\n", escaped(&headline(comparison)));
    text += &format!(
        "Base: {} ({}). New: {} ({}). A change below {} % does not matter.\n",
        code(&options.base),
        runs(base),
        code(&options.new),
        runs(new),
        options.threshold_percent
    );
    if !comparison.points.is_empty() {
        text += &table(comparison, &names);
    }
    let questions = comparison.points.iter().filter_map(|point| {
        Some(match names.name(&point.parameters) {
            name if name.is_empty() => open_question(point)?,
            name => format!("{name}: {}", open_question(point)?),
        })
    });
    let only_base =
        comparison.only_base.iter().map(|point| format!("only in the base: {}", names.lone(point)));
    let only_new = comparison.only_new.iter().map(|point| format!("only new: {}", names.lone(point)));
    let despite = Some(options.despite.join(", ")).filter(|despite| !despite.is_empty());
    let despite = despite.map(|despite| format!("compared despite: {despite}"));
    let live = comparison.live.as_ref().map(course);
    let remarks = live.into_iter().chain(questions).chain(only_base).chain(only_new).chain(despite);
    let remarks: Vec<_> = remarks.chain(comparison.warnings.iter().cloned()).collect();
    if !remarks.is_empty() {
        text.push('\n');
        remarks.iter().for_each(|remark| text += &format!("- {}\n", escaped(remark)));
    }
    if !names.everywhere.is_empty() {
        text += &format!("\nEverywhere: {}.\n", escaped(&names.everywhere));
    }
    text + &others(comparison, &names)
}

fn table(comparison: &Comparison, names: &Names) -> String {
    let confidence = interval_heading(comparison);
    let mut text = format!(
        "\n| point | runs | {} base | new | change | {confidence} | p | verdict |\n",
        code(&comparison.options.metric)
    );
    text += "| --- | ---: | ---: | ---: | ---: | ---: | ---: | --- |\n";
    for point in &comparison.points {
        let decisive = &point.metrics[0];
        text += &row(&[
            &name(names, point),
            &format!("{}+{}", point.base_runs, point.new_runs),
            &figure(decisive, decisive.base_median),
            &figure(decisive, decisive.new_median),
            &change(decisive),
            &interval(decisive),
            &p_value(point.p_value_corrected),
            &format!("**{}**", word(point.verdict)),
        ]);
    }
    text
}

/// The metrics that decide nothing, folded away.
fn others(comparison: &Comparison, names: &Names) -> String {
    if comparison.points.iter().all(|point| point.metrics.len() < 2) {
        return String::new();
    }
    let mut text =
        String::from("\n<details><summary>Beside: other metrics, which decide nothing</summary>\n\n");
    text += "| point | metric | base | new | change | interval |\n";
    text += "| --- | --- | ---: | ---: | ---: | ---: |\n";
    for point in &comparison.points {
        for metric in &point.metrics[1..] {
            text += &row(&[
                &name(names, point),
                &label(metric),
                &figure(metric, metric.base_median),
                &figure(metric, metric.new_median),
                &change(metric),
                &interval(metric),
            ]);
        }
    }
    text + "\n</details>\n"
}

fn name(names: &Names, point: &ComparedPoint) -> String {
    match names.name(&point.parameters) {
        name if name.is_empty() => "all runs".into(),
        name => name,
    }
}

fn row(cells: &[&str]) -> String {
    format!("| {} |\n", cells.iter().map(|cell| cell.replace('|', "\\|")).collect::<Vec<_>>().join(" | "))
}

/// Text that may hold names of files: nothing in it is markup.
pub(in crate::report) fn escaped(text: &str) -> String {
    let is_markup = |letter: char| "\\`*_<>[]|".contains(letter);
    text.chars().flat_map(|letter| is_markup(letter).then_some('\\').into_iter().chain([letter])).collect()
}

fn code(text: &str) -> String {
    // One backtick more than is likely to be in a path.
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::example;

    #[test]
    fn each_verdict_is_told() {
        insta::assert_snapshot!(comparison_markdown(&example::compared()));
    }

    #[test]
    fn a_live_comparison_tells_how_it_went() {
        insta::assert_snapshot!(comparison_markdown(&example::compared_live()));
    }

    #[test]
    fn nothing_in_common_is_told() {
        insta::assert_snapshot!(comparison_markdown(&example::compared_apart()));
    }

    #[test]
    fn names_of_files_are_no_markup() {
        assert_eq!(escaped("a_b|<c>"), "a\\_b\\|\\<c\\>");
        assert_eq!([code("a"), code("a`b")], ["`a`", "`` a`b ``"]);
        assert_eq!(row(&["a|b", "c"]), "| a\\|b | c |\n");
    }
}
