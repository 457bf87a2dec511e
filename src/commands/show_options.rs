//! `--show-options`: what every option of a fill comes to, and who says so. Nothing is asked of any server.

use clap::parser::ValueSource;
use clap::{ArgAction, ArgMatches, Command};

use crate::fill::{Choice, CommandChoice, FillOptions, choice};
use crate::report::ShownOption;
use crate::results::Options;
use crate::units::{show_bytes, show_count};

/// What may hold a password is given or not, and never shown.
const SECRETS: [&str; 2] = ["pass", "uri"];
/// The variable that a password may come from, and that of the log.
const VARIABLES: [(&str, &str); 2] = [("pass", "REDISCLI_AUTH"), ("log", "FILLBENCH_LOG")];
/// Defaults that are set where the options are used.
const DEFAULTS: [(&str, &str); 6] = [
    ("host", "127.0.0.1"),
    ("port", "6379"),
    ("db", "0"),
    ("connect_timeout", "5s"),
    ("log", "off"),
    ("log_format", "text"),
];
/// What names a server in place of host and port.
const OTHER_SERVERS: [&str; 4] = ["socket", "uri", "embedded", "spawn"];
/// Options that set nothing.
const ACTIONS: [&str; 5] = ["help", "version", "show_options", "resume", "cluster"];

/// The options of a command line, each as it was typed.
#[derive(Clone, Debug, Default)]
pub(super) struct Typed(Vec<TypedOption>);

#[derive(Clone, Debug)]
struct TypedOption {
    id: String,
    heading: String,
    name: String,
    /// What was typed, or stands in its place.
    value: Option<String>,
    is_given: bool,
}

impl Typed {
    /// Those of a fill.
    pub(super) fn of(command: &Command, given: &ArgMatches) -> Self {
        let typed = command.get_arguments().filter_map(|option| {
            let id = option.get_id().as_str();
            let name = format!("--{}", option.get_long()?);
            let source = given.value_source(id);
            let is_flag = matches!(option.get_action(), ArgAction::SetTrue);
            let value = match is_flag {
                true => Some(if given.get_flag(id) { "yes" } else { "no" }.to_owned()),
                false if SECRETS.contains(&id) => source.map(|_| "(not shown)".into()),
                false => given.get_raw(id).map(|all| {
                    all.map(|one| one.to_string_lossy().into_owned()).collect::<Vec<_>>().join(", ")
                }),
            };
            let is_given = source == Some(ValueSource::CommandLine);
            let heading = option.get_help_heading().unwrap_or("Other").into();
            Some(TypedOption { id: id.into(), heading, name, value, is_given })
        });
        Self(typed.filter(|option| !ACTIONS.contains(&option.id.as_str())).collect())
    }

    /// All of them under their headings, with what a fill with these options would do.
    pub(super) fn shown(&self, asked: &Options, fill: &FillOptions) -> Vec<(String, Vec<ShownOption>)> {
        let names_another = self.0.iter().any(|one| one.is_given && OTHER_SERVERS.contains(&one.id.as_str()));
        let chosen = choice(fill);
        let mut groups: Vec<(String, Vec<ShownOption>)> = Vec::new();
        for option in &self.0 {
            let (value, source) = match option.is_given {
                true => (option.value.clone().unwrap_or_default(), "given".into()),
                false => of_preset(option, asked, fill)
                    .or_else(|| of_variable(option))
                    .or_else(|| of_program(option, fill, &chosen))
                    .unwrap_or_else(|| of_default(option, names_another)),
            };
            let value = if value.is_empty() { "-".into() } else { value };
            let shown = ShownOption { name: option.name.clone(), value, source };
            match groups.iter_mut().find(|(heading, _)| *heading == option.heading) {
                Some((_, options)) => options.push(shown),
                None => groups.push((option.heading.clone(), vec![shown])),
            }
        }
        groups
    }
}

type ValueAndSource = (String, String);

/// What the preset says.
fn of_preset(option: &TypedOption, asked: &Options, fill: &FillOptions) -> Option<ValueAndSource> {
    let preset = format!("preset {}", asked.preset.as_ref()?);
    let number = match option.id.as_str() {
        "pipeline_depth" => {
            // Under a rate, they are as short as that wants them.
            let about = if fill.rate.is_some() { "at most" } else { "about" };
            return Some((format!("{about} {}", show_bytes(asked.pipeline_bytes?)), preset));
        }
        "window" => asked.window?,
        "writers" => asked.writers?,
        "threads" => asked.threads?,
        _ => return None,
    };
    Some((number.to_string(), preset))
}

/// What the environment says.
fn of_variable(option: &TypedOption) -> Option<ValueAndSource> {
    let (_, variable) = VARIABLES.iter().find(|(id, _)| *id == option.id)?;
    let value = std::env::var(variable).ok().filter(|value| !value.is_empty())?;
    let shown = if SECRETS.contains(&option.id.as_str()) { "(not shown)".into() } else { value };
    Some((shown, format!("given by {variable}")))
}

/// What the program chooses, as far as that is known before any server is asked.
fn of_program(option: &TypedOption, fill: &FillOptions, chosen: &Choice) -> Option<ValueAndSource> {
    let (value, source) = match option.id.as_str() {
        "pipeline_depth" if fill.rate.is_some() => {
            (String::new(), "chosen by --rate, when the masters are known")
        }
        "pipeline_depth" => (show_count(chosen.pipeline_depth), "chosen: about 256 KiB"),
        "window" if fill.serial => ("1".into(), "chosen: by --serial"),
        "window" => (show_count(chosen.window), "chosen: so many near by, more for servers that are far"),
        "writers" if fill.serial => ("1".into(), "chosen: by --serial"),
        "writers" => (chosen.writers.to_string(), "default"),
        "threads" => (fill.threads.to_string(), "chosen: a quarter of the processors"),
        "command" if fill.command == CommandChoice::Auto => {
            (if chosen.is_grouped { "mset" } else { "set" }.into(), "chosen: auto, the default")
        }
        _ => return None,
    };
    Some((value, source.into()))
}

fn of_default(option: &TypedOption, names_another: bool) -> ValueAndSource {
    if names_another && ["host", "port"].contains(&option.id.as_str()) {
        return (String::new(), "not used".into());
    }
    let set = DEFAULTS.iter().find(|(id, _)| *id == option.id).map(|(_, value)| (*value).to_owned());
    match option.value.clone().or(set) {
        Some(value) => (value, "default".into()),
        None => (String::new(), "not given".into()),
    }
}
