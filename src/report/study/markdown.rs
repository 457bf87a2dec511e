//! A study in GitHub's Markdown, with the drawings beside it.

use super::choices::{Card, PlaceOfChoices};
use super::folder::{CHARTS, MARK};
use super::page::{Figure, Page};
use crate::text::markdown_text;

/// The whole text.
pub(super) fn markdown(page: &Page) -> String {
    let mut text = format!("{MARK}\n# {}\n\n{}\n", markdown_text(&page.title), markdown_text(&page.lead));
    if !page.alerts.is_empty() {
        text.push('\n');
        page.alerts.iter().for_each(|alert| text += &format!("> **{}**\n>\n", markdown_text(alert)));
        text.truncate(text.len() - ">\n".len());
    }
    if !page.in_short.is_empty() {
        text += "\n## In short\n";
        let lines = page.in_short.iter().map(|fact| format!("{}: {}", fact.label, fact.lines.join(", ")));
        text += &list(&lines.collect::<Vec<_>>());
    }
    if !(page.choices.is_empty() && page.no_choice.is_empty()) {
        text += "\n## Best settings\n";
    }
    if !page.no_choice.is_empty() {
        text += &format!("\n{}\n", markdown_text(&page.no_choice));
    }
    page.choices.iter().for_each(|place| text += &of_place(place));
    if !page.effects.is_empty() {
        text += "\n## Throughput by parameter\n";
    }
    for effect in &page.effects {
        text += &format!("\n### {}\n\n{}\n", markdown_text(&effect.name), markdown_text(&effect.text));
        effect.figure.iter().for_each(|figure| text += &drawing(figure));
    }
    text += "\n## Latency\n";
    if !page.no_latencies.is_empty() {
        text += &format!("\n{}\n", markdown_text(&page.no_latencies));
    }
    page.latencies.iter().for_each(|figure| text += &drawing(figure));
    if !page.runs.is_empty() {
        text += "\n## Single runs\n";
    }
    for run in &page.runs {
        text += &format!("\n### {}\n\n{}\n", markdown_text(&run.heading), markdown_text(&run.why));
        text += &list(&run.incidents);
        if run.incidents_left_out > 0 {
            text += &format!("- and {} more\n", run.incidents_left_out);
        }
        run.figures.iter().for_each(|figure| text += &drawing(figure));
    }
    if !page.processors.is_empty() {
        text += "\n## Processors\n";
    }
    page.processors.iter().for_each(|figure| text += &drawing(figure));
    text += &points(page);
    text += "\n## What was run\n\n";
    for fact in &page.facts {
        text += &format!("- {}: {}\n", fact.label, markdown_text(&fact.lines.join("; ")));
    }
    if !page.unmeasured.is_empty() {
        text += "\n### Runs that count in no figure\n";
        text += &list(&page.unmeasured);
    }
    if !page.undrawn.is_empty() {
        text += "\n### What could not be drawn\n";
        text += &list(&page.undrawn);
    }
    text + &format!("\nWritten by {}.\n", page.generator)
}

fn of_place(place: &PlaceOfChoices) -> String {
    let mut text = String::from("\n");
    if !place.place.is_empty() {
        text += &format!("**{}**\n\n", markdown_text(&place.place));
    }
    text += &format!("{}\n", markdown_text(&place.intro));
    place.cards.iter().for_each(|card| text += &of_card(card));
    text
}

fn of_card(card: &Card) -> String {
    let mut text = format!("\n### {}\n\n{}\n", card.aim, markdown_text(&card.rule));
    if card.settings.is_empty() {
        return text + "\nNone of these settings.\n";
    }
    text += &format!("\n**{}**\n", markdown_text(&card.settings));
    if !card.flags.is_empty() {
        text += &format!("\n```sh\n{}\n```\n", card.flags);
    }
    text + &list(&card.evidence)
}

fn list(lines: &[String]) -> String {
    if lines.is_empty() {
        return String::new();
    }
    let lines: String = lines.iter().map(|line| format!("- {}\n", markdown_text(line))).collect();
    format!("\n{lines}")
}

fn drawing(figure: &Figure) -> String {
    format!(
        "\n![{}]({CHARTS}/{})\n\n{}\n",
        markdown_text(&figure.alt),
        figure.file,
        markdown_text(&figure.caption)
    )
}

fn points(page: &Page) -> String {
    let table = &page.table;
    let mut text = format!("\n## All points\n\n{}\n\n", markdown_text(&table.caption));
    if table.rows.is_empty() {
        return text;
    }
    text += &row(table.head.iter().map(|head| markdown_text(&head.name)));
    text += &row(table.head.iter().map(|head| if head.is_figure { "---:".into() } else { "---".into() }));
    for one in &table.rows {
        text += &row(one.cells.iter().map(|cell| markdown_text(cell)));
    }
    text
}

fn row(cells: impl Iterator<Item = String>) -> String {
    format!("| {} |\n", cells.collect::<Vec<_>>().join(" | "))
}
