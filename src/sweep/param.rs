//! The parameters that can be swept: their names, what each may be set to, and where that goes. Pure.

use std::ops::RangeInclusive;

use crate::results::{Options, PipelineDepth, Setting, THREADS, WINDOWS, WRITERS};
use crate::units::{GIB, parse_count, parse_size};

/// What leaves a choice open.
const AUTO: &str = "auto";

/// Something that can be swept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the options of a fill, which say what they mean")]
pub enum Param {
    Data,
    Keys,
    KeySize,
    ValueSize,
    PipelineDepth,
    Writers,
    Window,
    Command,
    Order,
    Reply,
    Threads,
}

/// What a parameter may be set to.
enum Kind {
    /// Bytes; a bare number counts in so many.
    Size(u64),
    /// Any number.
    Count,
    /// A number in a range, or open.
    Within(RangeInclusive<u64>),
    /// Keys or bytes between two barriers, or open.
    Depth,
    /// One of these.
    Words(&'static [&'static str]),
}

impl Param {
    /// All of them, in the order in which they are told.
    pub const ALL: [Self; 11] = [
        Self::Data,
        Self::Keys,
        Self::KeySize,
        Self::ValueSize,
        Self::PipelineDepth,
        Self::Writers,
        Self::Window,
        Self::Command,
        Self::Order,
        Self::Reply,
        Self::Threads,
    ];

    /// As a grid in a file names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Data => "data",
            Self::Keys => "keys",
            Self::KeySize => "key_size",
            Self::ValueSize => "value_size",
            Self::PipelineDepth => "pipeline_depth",
            Self::Writers => "writers",
            Self::Window => "window",
            Self::Command => "command",
            Self::Order => "order",
            Self::Reply => "reply",
            Self::Threads => "threads",
        }
    }

    /// The option that sets it: `--key-size`.
    pub fn option(self) -> String {
        format!("--{}", self.name().replace('_', "-"))
    }

    /// As `sweep.json` names it, where numbers carry their unit.
    pub fn recorded(self) -> &'static str {
        match self {
            Self::Data => "data_bytes",
            _ => self.name(),
        }
    }

    fn kind(self) -> Kind {
        match self {
            Self::Data => Kind::Size(GIB),
            Self::KeySize | Self::ValueSize => Kind::Size(1),
            Self::Keys => Kind::Count,
            Self::PipelineDepth => Kind::Depth,
            Self::Writers => Kind::Within(WRITERS),
            Self::Window => Kind::Within(WINDOWS),
            Self::Threads => Kind::Within(THREADS),
            Self::Command => Kind::Words(&[AUTO, "set", "mset"]),
            Self::Order => Kind::Words(&["slot", "stride"]),
            Self::Reply => Kind::Words(&["off", "on"]),
        }
    }

    /// Reads one setting.
    ///
    /// # Errors
    /// What is wrong with it, and what would do.
    pub(super) fn read(self, text: &str) -> Result<Setting, String> {
        let text = text.trim();
        match self.kind() {
            Kind::Size(unit) => {
                parse_size(text, unit).map(Setting::Number).map_err(|error| error.to_string())
            }
            Kind::Count => parse_count(text).map(Setting::Number).map_err(|error| error.to_string()),
            Kind::Within(_) | Kind::Depth if text == AUTO => Ok(Setting::Word(AUTO.into())),
            Kind::Depth => match PipelineDepth::parse(text) {
                Ok(PipelineDepth::Keys(keys)) => Ok(Setting::Number(keys)),
                Ok(depth @ PipelineDepth::Bytes(_)) => Ok(Setting::Word(depth.to_string())),
                Err(error) => Err(format!("{error}, or `{AUTO}`")),
            },
            Kind::Within(range) => text
                .parse::<u64>()
                .ok()
                .filter(|number| range.contains(number))
                .map(Setting::Number)
                .ok_or_else(|| {
                    let (least, most) = range.into_inner();
                    format!("`{text}` is neither a number from {least} to {most} nor `{AUTO}`")
                }),
            Kind::Words(words) if words.contains(&text) => Ok(Setting::Word(text.into())),
            Kind::Words(words) => Err(format!("`{text}` is none of {}", words.join(", "))),
        }
    }

    /// Whether it can be set to this: what a file holds may be anything.
    pub(super) fn takes(self, setting: &Setting) -> bool {
        match (self.kind(), setting) {
            (Kind::Size(_) | Kind::Count, Setting::Number(_)) => true,
            (Kind::Within(range), Setting::Number(number)) => range.contains(number),
            (Kind::Within(_) | Kind::Depth, Setting::Word(word)) if word == AUTO => true,
            (Kind::Depth, _) => depth(setting).is_some(),
            (Kind::Words(words), Setting::Word(word)) => words.contains(&word.as_str()),
            _ => false,
        }
    }

    /// Sets it in what a fill is asked. A number is a choice, and `auto` leaves one open.
    pub(super) fn set(self, setting: &Setting, options: &mut Options) {
        let (number, word) = match setting {
            Setting::Number(number) => (Some(*number), ""),
            Setting::Word(word) => (None, word.as_str()),
        };
        match self {
            Self::Data => options.data_bytes = number,
            Self::Keys => options.keys = number,
            Self::KeySize => options.key_size = number.unwrap_or_default(),
            Self::ValueSize => options.value_size = number.unwrap_or_default(),
            Self::PipelineDepth => {
                (options.pipeline_depth, options.pipeline_bytes) = PipelineDepth::fields(depth(setting));
            }
            Self::Writers => options.writers = number,
            Self::Window => options.window = number,
            Self::Threads => options.threads = number,
            Self::Command => options.command = word.into(),
            Self::Order => options.order = word.into(),
            Self::Reply => options.reply = word.into(),
        }
    }
}

/// The depth that a setting is; none for `auto`, and for what is no depth.
fn depth(setting: &Setting) -> Option<PipelineDepth> {
    PipelineDepth::parse(&setting.to_string()).ok()
}
