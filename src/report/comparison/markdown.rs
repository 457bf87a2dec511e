//! A comparison for a pull request, in GitHub's Markdown.

use super::words::{
    Names, change, course, figure, headline, interval, interval_heading, label, open_question, p_value, runs,
    runs_of_sides, word,
};
use crate::results::{ComparedPoint, Comparison};
use crate::text::{markdown_code, markdown_text};

/// The whole text.
pub fn comparison_markdown(comparison: &Comparison) -> String {
    let names = Names::of(comparison);
    let (base, new) = runs_of_sides(comparison);
    let options = &comparison.options;
    let mut text = format!("### fillbench: {}\n\n", markdown_text(&headline(comparison)));
    text += &format!(
        "Base: {} ({}). New: {} ({}). A change below {} % does not matter.\n",
        markdown_code(&options.base),
        runs(base),
        markdown_code(&options.new),
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
        remarks.iter().for_each(|remark| text += &format!("- {}\n", markdown_text(remark)));
    }
    if !names.everywhere.is_empty() {
        text += &format!("\nEverywhere: {}.\n", markdown_text(&names.everywhere));
    }
    text + &others(comparison, &names)
}

fn table(comparison: &Comparison, names: &Names) -> String {
    let confidence = interval_heading(comparison);
    let mut text = format!(
        "\n| point | runs | {} base | new | change | {confidence} | p | verdict |\n",
        markdown_code(&comparison.options.metric)
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
        name => markdown_text(&name),
    }
}

fn row(cells: &[&str]) -> String {
    format!("| {} |\n", cells.join(" | "))
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
    fn what_tables_say_is_no_markup() {
        let mut comparison = example::compared();
        comparison.options.base = "runs`\n<!-- x".into();
        comparison.warnings = vec!["row 2: \x1b[2J<img src=x> @team".into()];
        comparison.points[0].parameters.command = "set|\n| <b> @all".into();
        let text = comparison_markdown(&comparison);
        for never in ["\n<!--", "[2J<img", "<b>", "@team", "@all", "\x1b", "\n| \\<b"] {
            assert!(!text.contains(never), "{never:?} in {text}");
        }
        let name = "command set\\| \\| \\<b\\> @&#8203;all";
        assert!(text.contains(name) && text.contains("Base: `` runs` <!-- x `` ("), "{text}");
    }
}
