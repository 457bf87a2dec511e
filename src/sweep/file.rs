//! A grid in a TOML file. All that is wrong with it is told at once, each with its line and its key. Pure: the
//! file is read by whoever has its name.

use toml::de::{DeTable, DeValue};

use super::{Grid, Param, Places, axis};
use crate::units::parse_percent;

/// The table of the parameters.
const GRID: &str = "grid";
/// What may stand beside it.
const BESIDES: [&str; 3] = ["repeat", "shuffle_seed", "warm_up"];

/// What a file says of a sweep.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GridFile {
    /// What is swept.
    pub grid: Grid,
    /// Where that is written.
    pub places: Places,
    /// Runs of each point.
    pub repeat: Option<u64>,
    /// What the order is drawn with.
    pub shuffle_seed: Option<u64>,
    /// How many percent of a run's keys warm up for it; 0 for none.
    pub warm_up_percent: Option<f64>,
}

impl GridFile {
    /// Reads the text of a file.
    ///
    /// # Errors
    /// All that is wrong with it, each beginning with `name`, a line and a key.
    pub fn parse(name: &str, text: &str) -> Result<Self, Vec<String>> {
        let mut reader = Reader { name, text, wrong: Vec::new() };
        let mut file = Self { places: Places::new(name), ..Self::default() };
        match DeTable::parse(text) {
            Ok(table) => reader.file(table.get_ref(), &mut file),
            Err(error) => {
                let at = error.span().map_or(text.len(), |span| span.start);
                reader.complain(at, "", error.message());
            }
        }
        if reader.wrong.is_empty() { Ok(file) } else { Err(reader.told()) }
    }
}

/// Goes through a file, and notes what is wrong where.
struct Reader<'a> {
    name: &'a str,
    text: &'a str,
    wrong: Vec<(usize, String)>,
}

impl Reader<'_> {
    /// The line of a place in the text.
    fn line(&self, at: usize) -> usize {
        self.text.as_bytes()[..at.min(self.text.len())].iter().filter(|byte| **byte == b'\n').count() + 1
    }

    fn complain(&mut self, at: usize, key: &str, problem: &str) {
        let line = self.line(at);
        let key = if key.is_empty() { String::new() } else { format!("{key}: ") };
        self.wrong.push((at, format!("{}:{line}: {key}{problem}", self.name)));
    }

    /// What is wrong, from the first line to the last.
    fn told(mut self) -> Vec<String> {
        self.wrong.sort();
        self.wrong.into_iter().map(|(_, text)| text).collect()
    }

    fn file(&mut self, table: &DeTable<'_>, file: &mut GridFile) {
        for (key, value) in table.iter() {
            let (at, key, whole) = (value.span().start, &**key.get_ref(), value.get_ref());
            match key {
                GRID => match whole.as_table() {
                    Some(grid) => self.grid(grid, file),
                    None => self.complain(at, GRID, "is no table: write [grid] above the parameters"),
                },
                "repeat" => {
                    file.repeat = number(whole).filter(|repeat| *repeat > 0).or_else(|| {
                        self.complain(at, key, "is not a number from 1 on");
                        None
                    });
                }
                "shuffle_seed" => {
                    file.shuffle_seed = number(whole).or_else(|| {
                        self.complain(at, key, "is not a number from 0 on");
                        None
                    });
                }
                "warm_up" => match text_of(whole).as_deref().map(warm_up) {
                    Some(Ok(percent)) => file.warm_up_percent = Some(percent),
                    Some(Err(problem)) => self.complain(at, key, &problem),
                    None => self.complain(at, key, "is not a text like \"10%\""),
                },
                _ if Param::ALL.iter().any(|param| param.name() == key) => {
                    self.complain(at, key, "stands outside of [grid]: write it below that line");
                }
                _ => {
                    let problem = format!("is unknown here, where there are {GRID}, {}", BESIDES.join(", "));
                    self.complain(at, key, &problem);
                }
            }
        }
        if !table.keys().any(|key| key.get_ref() == GRID) {
            self.complain(
                self.text.len(),
                GRID,
                "is missing: write [grid], and below it keys = 1000000, say",
            );
        }
    }

    fn grid(&mut self, table: &DeTable<'_>, file: &mut GridFile) {
        for (key, value) in table.iter() {
            let (at, key) = (value.span().start, &**key.get_ref());
            let Some(param) = Param::ALL.into_iter().find(|param| param.name() == key) else {
                let known = Param::ALL.map(Param::name).join(", ");
                self.complain(at, key, &format!("is no parameter that can be swept; these can: {known}"));
                continue;
            };
            let mut settings = Vec::new();
            let parts = match value.get_ref().as_array() {
                Some(array) => array.iter().map(|part| (part.span().start, part.get_ref())).collect(),
                None => vec![(at, value.get_ref())],
            };
            let before = self.wrong.len();
            for (at, part) in parts {
                if settings.len() > axis::MAX_SETTINGS {
                    break;
                }
                let read = match text_of(part) {
                    Some(text) => axis::read(param, &text),
                    None => Err("is neither a number, nor a text, nor a list of these".into()),
                };
                match read {
                    Ok(read) => {
                        let line = self.line(at);
                        read.iter().for_each(|setting| file.places.note(param, setting, line));
                        settings.extend(read);
                    }
                    Err(problem) => self.complain(at, key, &problem),
                }
            }
            if self.wrong.len() > before {
                continue;
            }
            match axis::check(&settings) {
                Ok(()) => file.grid.set(param, settings),
                Err(problem) => self.complain(at, key, &problem),
            }
        }
        let amounts = [Param::Data, Param::Keys].map(|param| table.get(param.name()));
        if let [Some(data), Some(keys)] = amounts {
            let [data, keys] = [(data.span().start, Param::Data), (keys.span().start, Param::Keys)];
            let (first, second) = (data.min(keys), data.max(keys));
            let problem = format!("says again how much each run fills: leave out this or {}", first.1.name());
            self.complain(second.0, second.1.name(), &problem);
        }
    }
}

fn number(value: &DeValue<'_>) -> Option<u64> {
    let number = value.as_integer().filter(|number| number.radix() == 10)?;
    number.as_str().replace('_', "").parse().ok()
}

/// A setting as the command line would have it.
fn text_of(value: &DeValue<'_>) -> Option<String> {
    let integer = value.as_integer().filter(|number| number.radix() == 10);
    let number =
        integer.map(toml::de::DeInteger::as_str).or_else(|| value.as_float().map(toml::de::DeFloat::as_str));
    let number = number.map(|number| number.replace('_', ""));
    number.or_else(|| value.as_str().map(str::to_owned))
}

/// Reads how much is filled before each run: percent of its keys, or `0`.
///
/// # Errors
/// What would do.
pub fn warm_up(text: &str) -> Result<f64, String> {
    if ["0", "0%"].contains(&text.trim()) {
        return Ok(0.0);
    }
    parse_percent(text)
        .map_err(|_| format!("`{text}` is not a share: write percent up to 100, like 10%, or 0"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "\
# The grid of an afternoon.
repeat = 3
shuffle_seed = 7
warm_up = \"5%\"

[grid]
keys = 1_000_000
key_size = [64, \"128..512*2\"]
value_size = \"512..2048*2\"
pipeline_depth = [\"auto\", 100]
command = [\"set\", \"mset\"]
";

    #[test]
    fn a_file_says_what_a_command_line_would() {
        let file = GridFile::parse("grid.toml", GOOD).unwrap();
        let mut grid = Grid::default();
        for (param, text) in [
            (Param::Keys, "1000000"),
            (Param::KeySize, "64,128,256,512"),
            (Param::ValueSize, "512,1024,2048"),
            (Param::PipelineDepth, "auto,100"),
            (Param::Command, "set,mset"),
        ] {
            grid.read(param, param.name(), text).unwrap();
        }
        assert_eq!(file.grid, grid);
        assert_eq!((file.repeat, file.shuffle_seed, file.warm_up_percent), (Some(3), Some(7), Some(5.0)));
        let part = GridFile::parse("grid.toml", "[grid]\ndata = 0.5\n").unwrap();
        let points = part.grid.points(1).unwrap();
        assert_eq!(points[0].settings["data_bytes"], crate::results::Setting::Number(1 << 29));
        assert_eq!((part.repeat, part.warm_up_percent), (None, None));
        let without = GridFile::parse("grid.toml", "warm_up = 0\n[grid]\nkeys = 1\n").unwrap();
        assert_eq!(without.warm_up_percent, Some(0.0));
    }

    #[test]
    fn each_error_names_file_line_and_key() {
        for (from, to, says) in [
            ("key_size = [64, ", "key_size = [64, 0x10, ", "grid.toml:8: key_size: is neither a number"),
            (
                "[64, \"128..512*2\"]",
                "[\n  64,\n  \"big\",\n]",
                "grid.toml:10: key_size: `big` is not a size",
            ),
            ("key_size", "keysize", "grid.toml:8: keysize: is no parameter that can be swept"),
            ("keys = 1_000_000", "keys = -1", "grid.toml:7: keys: `-1` is not a count"),
            ("keys = 1_000_000", "keys = true", "grid.toml:7: keys: is neither a number"),
            ("keys = 1_000_000", "keys = []", "grid.toml:7: keys: has nothing in it"),
            (
                "\"512..2048*2\"",
                "\"512..2048\"",
                "grid.toml:9: value_size: `512..2048` does not say its steps",
            ),
            ("[\"set\", \"mset\"]", "[\"set\", \"set\"]", "grid.toml:11: command: has set twice"),
            ("key_size", "data = 1\nkey_size", "grid.toml:8: data: says again how much each run fills"),
            ("repeat = 3", "repeat = 0", "grid.toml:2: repeat: is not a number from 1 on"),
            ("repeat = 3", "repeats = 3", "grid.toml:2: repeats: is unknown here"),
            ("repeat = 3", "writers = 3", "grid.toml:2: writers: stands outside of [grid]"),
            ("shuffle_seed = 7", "shuffle_seed = \"x\"", "grid.toml:3: shuffle_seed: is not a number"),
            ("\"5%\"", "\"500%\"", "grid.toml:4: warm_up: `500%` is not a share"),
            ("[grid]", "[gird]", "grid.toml:12: grid: is missing"),
            ("[grid]", "[grid", "grid.toml:6: "),
            ("repeat = 3", "repeat = 3\nrepeat = 4", "grid.toml:3: "),
        ] {
            let text = GOOD.replacen(from, to, 1);
            assert_ne!(text, GOOD);
            let errors = GridFile::parse("grid.toml", &text).unwrap_err();
            assert!(errors.iter().any(|error| error.starts_with(says)), "{says}: {errors:?}");
        }
    }

    #[test]
    fn all_that_is_wrong_is_told_from_top_to_bottom() {
        let text =
            GOOD.replace("repeat = 3", "repeat = 0").replace("\"mset\"", "\"get\"").replace("64,", "\"?\",");
        let errors = GridFile::parse("a.toml", &text).unwrap_err();
        let lines: Vec<_> = errors.iter().map(|error| error.split(':').nth(1).unwrap()).collect();
        assert_eq!(lines, ["2", "8", "11"], "{errors:?}");
    }

    #[test]
    fn a_warm_up_is_a_share_or_none() {
        assert_eq!((warm_up("10%"), warm_up("0"), warm_up("100%")), (Ok(10.0), Ok(0.0), Ok(100.0)));
        for bad in ["10", "101%", "-1%", "all"] {
            assert!(warm_up(bad).is_err(), "{bad}");
        }
    }
}
