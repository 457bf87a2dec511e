//! Manual pages in roff, made of what the help is made of, so that neither has an option that the other lacks.
//!
//! clap_mangen makes such pages, too. But its synopsis names every option, its sections are as many as there are
//! headings, and it has examples run together.

use clap::builder::{PossibleValue, ValueRange};
use clap::{Arg, Command};
use roff::{Inline, Roff, bold, italic, roman};

/// What pages of this kind are called at their top.
const MANUAL: &str = "User Commands";

/// What the page of the whole program says of it.
const DESCRIPTION: [&str; 3] = [
    "fillbench fills a Redis or Valkey server, standalone or cluster, as fast as it can take it, and then proves that \
     every key is there, with its value, at the master that owns it. A cluster is found by any of its nodes.",
    "How much is filled has to be said, and nothing that is there already is deleted unless that is asked for. The \
     same sizes, prefix and seed make the same keys and values, on any server: so a fill can be looked at again, gone \
     on with, and repaired.",
    "Without a command, fillbench fills. Each command has a page of its own.",
];

/// Environment variables, each with the option beside which it is looked at.
const VARIABLES: [(&str, &str, &str); 3] = [
    ("REDISCLI_AUTH", "pass", "The password, where no option gives one."),
    ("FILLBENCH_LOG", "log", "As --log, where that is not given."),
    ("FILLBENCH_REQUIREPASS", "requirepass", "As --requirepass, where that is not given."),
];

/// How the parts of a help begin that are sections here. All other text is notes.
const SECTIONS: [(&str, &str); 2] = [("Examples:", "EXAMPLES"), (STATUSES, "EXIT STATUS")];
const STATUSES: &str = "Exit codes:";

/// Lines of a help with so many blanks in front, or fewer, begin something; with more, they go on.
const INDENT: usize = 4;

/// A manual page.
pub(super) struct Page {
    /// The name of its file, as in `fillbench-verify.1`.
    pub(super) file: String,
    /// In roff.
    pub(super) text: String,
}

/// The page of a program, and those of its commands.
pub(super) fn pages(mut program: Command) -> Vec<Page> {
    program.build();
    let name = name(&program);
    let commands: Vec<Command> = program.get_subcommands().cloned().collect();
    let others: Vec<String> = commands.iter().map(self::name).collect();
    let mut pages = vec![page(program, &DESCRIPTION, &others)];
    pages.extend(commands.into_iter().map(|command| page(command, &[], std::slice::from_ref(&name))));
    pages
}

/// As in `fillbench-verify`.
fn name(command: &Command) -> String {
    command.get_display_name().unwrap_or(command.get_name()).to_owned()
}

fn about(command: &Command) -> String {
    command.get_about().map(ToString::to_string).unwrap_or_default()
}

fn page(mut command: Command, description: &[&str], others: &[String]) -> Page {
    let (name, about) = (name(&command), about(&command));
    let mut roff = Roff::new();
    // An empty argument has to be written as one.
    let date = option_env!("FILLBENCH_COMMIT_DATE").unwrap_or("\"\"");
    let source = concat!(env!("CARGO_PKG_NAME"), " ", env!("CARGO_PKG_VERSION"));
    roff.control("TH", [name.to_uppercase().as_str(), "1", date, source, MANUAL]);
    // Names are copied: they are neither broken nor spread.
    roff.control("nh", []).control("ad", ["l"]);
    roff.control("SH", ["NAME"]).text([roman(format!("{name} - {}", uncapitalized(&about)))]);
    synopsis(&mut roff, &mut command);
    roff.control("SH", ["DESCRIPTION"]);
    match description.split_first() {
        Some((first, others)) => {
            roff.text([roman(*first)]);
            others.iter().for_each(|paragraph| {
                roff.control("PP", []).text([roman(*paragraph)]);
            });
        }
        None => {
            roff.text([roman(format!("{about}."))]);
        }
    }
    commands(&mut roff, &command);
    options(&mut roff, &command);
    if let Some(text) = command.get_after_help() {
        after_help(&mut roff, &text.to_string());
    }
    environment(&mut roff, &command);
    let others: Vec<String> = others.iter().map(|other| format!("{other}(1)")).collect();
    roff.control("SH", ["SEE ALSO"]).text([roman(others.join(", "))]);
    Page { file: format!("{name}.1"), text: roff.render() }
}

fn uncapitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// What may be typed, a line each.
fn synopsis(roff: &mut Roff, command: &mut Command) {
    let usage = command.render_usage().to_string();
    let program = command.get_bin_name().unwrap_or(command.get_name());
    roff.control("SH", ["SYNOPSIS"]);
    for (number, line) in usage.trim_start_matches("Usage:").lines().enumerate() {
        if number > 0 {
            roff.control("br", []);
        }
        let rest = line.trim().strip_prefix(program).unwrap_or_default();
        roff.text([bold(program), roman(rest)]);
    }
}

fn commands(roff: &mut Roff, command: &Command) {
    let commands: Vec<&Command> = command.get_subcommands().collect();
    if commands.is_empty() {
        return;
    }
    roff.control("SH", ["COMMANDS"]);
    for command in commands {
        let tag = [bold(name(command)), roman("(1)")];
        roff.control("TP", []).text(tag).text([roman(format!("{}.", about(command)))]);
    }
}

/// All options under their headings, in the order of the help.
fn options(roff: &mut Roff, command: &Command) {
    let all: Vec<&Arg> = command.get_arguments().filter(|option| !option.is_hide_set()).collect();
    if all.is_empty() {
        return;
    }
    let mut headings: Vec<&str> = Vec::new();
    for heading in all.iter().map(|option| heading(option)) {
        if !headings.contains(&heading) {
            headings.push(heading);
        }
    }
    roff.control("SH", ["OPTIONS"]);
    for wanted in headings {
        roff.control("SS", [wanted]);
        for option in all.iter().filter(|option| heading(option) == wanted) {
            roff.control("TP", []).text(tag(option)).text([roman(help(option))]);
        }
    }
}

fn heading(option: &Arg) -> &str {
    let general = if option.is_positional() { "Arguments" } else { "Options" };
    option.get_help_heading().unwrap_or(general)
}

/// An option's names and what follows them.
fn tag(option: &Arg) -> Vec<Inline> {
    let short = option.get_short().map(|short| format!("-{short}"));
    let long = option.get_long().map(|long| format!("--{long}"));
    let mut tag: Vec<Inline> = Vec::new();
    for name in short.iter().chain(&long) {
        if !tag.is_empty() {
            tag.push(roman(", "));
        }
        tag.push(bold(name));
    }
    let Some(values) = option.get_num_args().filter(ValueRange::takes_values) else { return tag };
    let names = option.get_value_names().unwrap_or_default();
    let value = italic(names.join(" "));
    let before = match (option.is_positional(), option.is_require_equals_set()) {
        (true, _) => "",
        (false, true) => "=",
        (false, false) => " ",
    };
    if values.min_values() == 0 {
        tag.extend([roman(if before == " " { " [" } else { "[=" }), value, roman("]")]);
    } else {
        tag.extend([roman(before), value]);
    }
    if option.is_positional() && values.max_values() > 1 {
        tag.push(roman("..."));
    }
    tag
}

/// What the help says of an option.
fn help(option: &Arg) -> String {
    let mut help = option.get_help().map(ToString::to_string).unwrap_or_default();
    if !option.get_num_args().is_some_and(|values| values.takes_values()) {
        return help;
    }
    let defaults = option.get_default_values();
    if !defaults.is_empty() && !option.is_hide_default_value_set() {
        let defaults: Vec<_> = defaults.iter().map(|value| value.to_string_lossy()).collect();
        help += &format!(" [default: {}]", defaults.join(", "));
    }
    let values = option.get_possible_values();
    if !values.is_empty() && !option.is_hide_possible_values_set() {
        let names: Vec<_> = values.iter().map(PossibleValue::get_name).collect();
        help += &format!(" [possible values: {}]", names.join(", "));
    }
    help
}

/// The text below the options: notes, examples, exit codes.
fn after_help(roff: &mut Roff, text: &str) {
    let mut current = "";
    for part in joined(text).split("\n\n") {
        let headed = SECTIONS.iter().find_map(|(start, section)| Some((*section, part.strip_prefix(start)?)));
        let (section, body) = headed.unwrap_or(("NOTES", part));
        let begins = if section == current { roff.control("PP", []) } else { roff.control("SH", [section]) };
        if part.starts_with(STATUSES) {
            statuses(begins, body);
        } else {
            lines(begins, body);
        }
        current = section;
    }
}

/// Commands that go on in the next line, in one.
fn joined(text: &str) -> String {
    let mut parts = text.split("\\\n");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |text, part| text + part.trim_start())
}

/// Text that runs on, and lines that stand further in: what is named, two blanks or more, and what that is.
fn lines(roff: &mut Roff, body: &str) {
    for line in body.lines() {
        let words = line.trim_start();
        match line.len() - words.len() {
            _ if words.is_empty() => {}
            1..=INDENT => {
                let (tag, what) = words.split_once("  ").unwrap_or((words, ""));
                roff.control("TP", []).text([bold(tag)]);
                if !what.is_empty() {
                    roff.text([roman(what.trim_start())]);
                }
            }
            _ => {
                roff.text([roman(words)]);
            }
        }
    }
}

/// Codes and what they mean, two blanks or more between them, or text.
fn statuses(roff: &mut Roff, body: &str) {
    for cell in body.lines().flat_map(|line| line.split("  ")).map(str::trim).filter(|cell| !cell.is_empty())
    {
        match cell.split_once(' ') {
            Some((code, meaning)) if code.parse::<u8>().is_ok() => {
                roff.control("TP", []).text([bold(code)]).text([roman(meaning)])
            }
            _ => roff.control("PP", []).text([roman(cell)]),
        };
    }
}

fn environment(roff: &mut Roff, command: &Command) {
    let has = |id: &str| command.get_arguments().any(|option| option.get_id() == id);
    let variables: Vec<_> = VARIABLES.iter().filter(|(_, id, _)| has(id)).collect();
    if variables.is_empty() {
        return;
    }
    roff.control("SH", ["ENVIRONMENT"]);
    for (variable, _, what) in variables {
        roff.control("TP", []).text([bold(*variable)]).text([roman(*what)]);
    }
}
